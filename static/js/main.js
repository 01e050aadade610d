// What every page runs. A page's own behaviours are loaded by name, see behaviour.js.
import "htmx";
import { start } from "sprintboard/behaviour";
import "sprintboard/dialog";
import "sprintboard/drawer";
import "sprintboard/menu";
import "sprintboard/submit";
import "sprintboard/theme";
import "sprintboard/toast";

start();

// a form with a draft was sent from the page before: forget the draft if it arrived
if (sessionStorage.getItem("draft-sent")) import("sprintboard/draft").then(({ settle }) => settle());
