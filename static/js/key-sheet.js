// The list of keys in a dialog, with the switch of the single ones; fetched each time, since it says how they are.
import htmx from "htmx";
import { nameKeys } from "sprintboard/keys";

let dialog = null;

function make() {
  dialog = document.createElement("dialog");
  dialog.className = "dialog key-sheet";
  dialog.id = "key-sheet";
  dialog.setAttribute("aria-labelledby", "key-sheet-title");
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("htmx:after:swap", () => {
    document.body.dataset.singleKeys = dialog.querySelector("[data-single-keys]").dataset.singleKeys;
    nameKeys(dialog);
  });
  document.body.append(dialog);
}

export async function open(opener) {
  if (dialog?.open) return dialog.close();
  if (document.querySelector("dialog:modal")) return;
  if (!dialog) make();
  await htmx.ajax("GET", opener.getAttribute("href"), { source: dialog, target: "#key-sheet", swap: "innerHTML" });
  if (!dialog.firstElementChild) return;
  dialog.showModal();
}
