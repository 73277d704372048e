// Says that something is under way, and that a part of the page could not come because nobody is
// signed in any more. What refreshes itself does so in silence.
const busy = document.getElementById("busy");
const expired = document.getElementById("expired");

function say(words) {
  if (busy) busy.textContent = words;
}

function under_way(event, going) {
  if (event.target.matches?.("[data-live]")) return;
  event.detail.target?.setAttribute("aria-busy", going);
  say(going ? busy?.dataset.loading : "");
}

document.body.addEventListener("htmx:beforeRequest", (event) => under_way(event, true));
document.body.addEventListener("htmx:afterRequest", (event) => under_way(event, false));
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 && expired) expired.hidden = false;
});

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) say(busy?.dataset.sending);
});
addEventListener("pageshow", () => say(""));
