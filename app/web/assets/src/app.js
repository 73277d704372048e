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
