// Says beside a quantity what it is in kilograms, as the server reads it.
const KILOGRAMS = { kg: 1, "yến": 10, "tạ": 100, "tấn": 1000 };

export function read(text) {
  const [group, mark] = document.documentElement.lang === "vi" ? [".", ","] : [",", "."];
  const typed = text.trim().replace(/[ \u00a0]/g, group);
  const [whole, part = ""] = typed.split(mark);
  const grouped = new RegExp(`^[1-9]\\d{0,2}(\\${group}\\d{3})+$`).test(whole) && /^\d{0,6}$/.test(part);
  if (grouped) return Number(`${whole.replaceAll(group, "")}.${part || 0}`);
  return /^\d+([.,]\d{1,6})?$/.test(typed) ? Number(typed.replace(",", ".")) : NaN;
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
