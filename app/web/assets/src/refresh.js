import "htmx.org";
import "./polling.js";
