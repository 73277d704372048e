// Says beside a quantity what it is in kilograms, as the server reads it.
const KILOGRAMS = { kg: 1, "yến": 10, "tạ": 100, "tấn": 1000 };

export function read(text) {
  const typed = text.trim();
  if (/^\d{1,3}([., \u00a0]\d{3})+$/.test(typed) && !/^0[.,]/.test(typed)) return Number(typed.replace(/[., \u00a0]/g, ""));
  return /^\d+([.,]\d+)?$/.test(typed) ? Number(typed.replace(",", ".")) : NaN;
}

function written(value) {
  return value.toLocaleString(document.documentElement.lang === "vi" ? "vi-VN" : "en-US", { maximumFractionDigits: 3 });
}

function echo(form) {
  const place = form.querySelector("[data-echo]");
  if (!place) return;
  const amount = read(form.elements.quantity?.value || "");
  const unit = form.elements.unit?.value || place.dataset.unit;
  const price = read(form.elements.ask_price?.value || "");
  const kilograms = amount * (KILOGRAMS[unit] || 1);
  const own = KILOGRAMS[unit] ? "kg" : place.dataset.unit;
  if (!(kilograms > 0)) {
    place.textContent = "";
    return;
  }
  let text = `${written(amount)} ${unit}`;
  if (own !== unit) text += ` = ${written(kilograms)} ${own}`;
  if (price > 0) text += ` · ${place.dataset.about} ${written(Math.round(kilograms * price))} ${place.dataset.money}`;
  place.textContent = text;
}

document.addEventListener("input", (event) => event.target.form && echo(event.target.form));
document.querySelectorAll("form").forEach(echo);
