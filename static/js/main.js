// What every page runs. A page's own behaviours are loaded by name, see behaviour.js.
import "htmx";
import { start } from "sprintboard/behaviour";
import "sprintboard/dialog";
import "sprintboard/drawer";
import "sprintboard/keys";
import "sprintboard/menu";
import "sprintboard/submit";
import "sprintboard/theme";
import "sprintboard/toast";

start();

// a form that came back: begin where it says what is missing
document.querySelector("main .error-summary, main [aria-invalid='true']")?.focus();

// a form with a draft was sent from the page before: forget the draft if it arrived
if (sessionStorage.getItem("draft-sent")) import("sprintboard/draft").then(({ settle }) => settle());
