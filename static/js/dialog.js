// <a href="/plain/page/" data-open="start"> opens <dialog id="start">; without scripts the link is followed.
// A part of the dialog with data-fetched is filled each time with what that page answers to htmx.
// A button with data-close inside a dialog closes it. A dialog with data-open-now opens with the page.
import htmx from "htmx";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const dialog = opener && document.getElementById(opener.dataset.open);
  if (dialog) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
    event.preventDefault();
    dialog.showModal();
    const part = dialog.querySelector("[data-fetched]");
    if (part) fill(part, opener.href);
  } else if (event.target.closest("[data-close]")) {
    event.target.closest("dialog")?.close();
  }
});

async function fill(part, address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return location.assign(address); // the page itself says what is wrong
  await htmx.swap({ text: await answer.text(), target: part, swap: "innerHTML", sourceElement: part });
}

document.querySelector("dialog[data-open-now]")?.showModal();
