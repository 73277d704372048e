import "htmx.org";
import "./polling.js";

document.documentElement.dataset.renews = "yes";
