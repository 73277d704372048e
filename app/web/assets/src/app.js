import "./busy.js";
import "./drafts.js";
import "./early.js";
import "./interactive.js";
import "./photo.js";
import "./quantity.js";

const refusal = document.getElementById("refusal");
if (refusal) refusal.focus();

const onward = document.querySelector("form[data-onward]");
if (onward) onward.submit();

// A page that answers a form cannot be asked for again: whoever goes back to it, or loads it anew,
// gets the page that had the form.
if (document.querySelector("meta[name=answers]")) {
  const ours = document.referrer.startsWith(`${location.origin}/`);
  history.replaceState(null, "", ours ? document.referrer : location.href);
}
