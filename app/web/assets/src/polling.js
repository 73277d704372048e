// What refreshes itself asks less and less often, and not at all while nobody looks.
const LONGEST = 60000;

document.body.addEventListener("htmx:confirm", (event) => {
  const part = event.target;
  if (!part.matches?.("[data-live]")) return;
  const since = Date.now() - Number(part.dataset.asked || 0);
  const wait = Math.min(LONGEST, 10000 * 2 ** Number(document.body.dataset.asks || 0));
  if (document.hidden || !navigator.onLine || document.getElementById("expired")?.hidden === false || (part.dataset.asked && since < wait)) {
    event.preventDefault();
  } else {
    document.body.dataset.asks = Number(document.body.dataset.asks || 0) + 1;
  }
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.matches?.("[data-live]")) event.target.dataset.asked = Date.now();
});
