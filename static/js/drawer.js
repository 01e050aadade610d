// Opens a task beside the page: <a href="/w/…/tasks/NW-42/" data-drawer>. The page stays usable, the address
// is the task's own, Escape or Back closes it and gives the focus back to the card. Without a drawer on the
// page, or without scripts, the link is followed.
import htmx from "htmx";

const drawer = () => document.getElementById("drawer");
let under = null; // the address of the page below
let opener = null; // the address of the link that opened it, to find the card again after a swap

// `?focus=points` at its end opens the form of that property; the address of the page is the task's own all the same
export async function open(wanted, { push = true } = {}) {
  const [address] = wanted.split("?");
  under ??= location.pathname + location.search;
  opener = address;
  const panel = drawer();
  panel.setAttribute("aria-busy", "true");
  await htmx.ajax("GET", wanted, { target: "#drawer", swap: "innerHTML" });
  panel.removeAttribute("aria-busy");
  if (panel.dataset.failed) return location.assign(wanted);
  // one step back always leads to the page below, whatever was opened on the way
  if (push) history[panel.hidden ? "pushState" : "replaceState"]({ drawer: address }, "", address);
  panel.hidden = false;
  mark(address);
  (panel.querySelector("[autofocus]") ?? panel.querySelector("h1, h2") ?? panel).focus({ preventScroll: true });
}

function close() {
  const panel = drawer();
  if (!panel || panel.hidden) return;
  panel.hidden = true;
  panel.replaceChildren();
  mark(null);
  document.querySelector(`a[data-drawer][href="${CSS.escape(opener)}"]`)?.focus();
  under = opener = null;
}

function mark(address) {
  document.querySelectorAll("[data-drawer]").forEach((link) => {
    const card = link.closest(".card, .item");
    if (link.getAttribute("href") === address) card?.setAttribute("aria-current", "true");
    else card?.removeAttribute("aria-current");
  });
}

function leave() {
  if (history.state?.drawer) history.back();
  else close();
}

document.addEventListener("click", (event) => {
  const panel = drawer();
  if (!panel || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest("a[data-drawer]");
  if (link) {
    event.preventDefault();
    open(link.getAttribute("href"));
  } else if (event.target.closest("[data-drawer-close]") && panel.contains(event.target)) {
    event.preventDefault();
    leave();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !drawer() || drawer().hidden) return;
  if (document.querySelector(":popover-open, dialog[open]")) return;
  event.preventDefault();
  leave();
});

window.addEventListener("popstate", ({ state }) => {
  if (!drawer()) return;
  if (state?.drawer) open(state.drawer, { push: false });
  else if (location.pathname + location.search === under) close();
  else if (under) location.reload();
});

// an error page is a whole page: it is shown at its own address
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.target === drawer()) delete ctx.target.dataset.failed;
});
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (ctx.target === drawer() && ctx.request.method === "GET") ctx.target.dataset.failed = "yes";
});
