// <a href="/plain/page/" data-open="start"> opens <dialog id="start">; without scripts the link is followed.
// A button with data-close inside a dialog closes it. A dialog with data-open-now opens with the page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const dialog = opener && document.getElementById(opener.dataset.open);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  } else if (event.target.closest("[data-close]")) {
    event.target.closest("dialog")?.close();
  }
});

document.querySelector("dialog[data-open-now]")?.showModal();
