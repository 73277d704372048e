import "htmx.org";
import "./drafts.js";
import "./photo.js";
import "./polling.js";
import "./quantity.js";

const refusal = document.getElementById("refusal");
if (refusal) refusal.focus();
