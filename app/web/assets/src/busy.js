// Says that something is under way, and that a part of the page could not come because nobody is
// signed in any more. What refreshes itself does so in silence.
const busy = document.getElementById("busy");
const expired = document.getElementById("expired");

function say(words) {
  if (busy) busy.textContent = words;
}

let going = 0;

function under_way(event, change) {
  if (event.target.matches?.("[data-live]")) return;
  going += change;
  event.detail.target?.setAttribute("aria-busy", change > 0);
  say(going ? busy?.dataset.loading : "");
}

function failed(part) {
  const word = part.closest("section")?.querySelector("[data-failed]");
  if (word) word.hidden = false;
}

document.body.addEventListener("htmx:beforeRequest", (event) => under_way(event, 1));
document.body.addEventListener("htmx:afterRequest", (event) => under_way(event, -1));
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, xhr, isError } = event.detail;
  if (isError || !elt.matches("[hx-select='[data-part]']") || xhr.responseText.includes("data-part")) return;
  event.detail.shouldSwap = false;
  failed(elt);
});
for (const fault of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(fault, (event) => {
    failed(event.detail.elt);
    if (event.detail.xhr.status === 401 && expired) expired.hidden = false;
  });
}

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) say(busy?.dataset.sending);
});
addEventListener("pageshow", () => say(""));
