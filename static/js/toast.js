// Says what just happened: one at a time, for 8 seconds, longer while it is pointed at or holds the focus.
// From the server: a Django message, or the header HX-Trigger: {"toast": {"text": "…", "undo": "/w/…/"}}.
const SECONDS = 8;

export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = text));
}

function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}")["X-CSRFToken"] ?? "";
}

function undoForm(address, word) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  form.append(
    Object.assign(document.createElement("input"), {
      type: "hidden",
      name: "csrfmiddlewaretoken",
      value: csrfToken(),
    }),
    Object.assign(document.createElement("button"), { className: "btn btn-sm", textContent: word }),
  );
  return form;
}

// What was done last on this page can be taken back as long as the page lives; the server says when it is too late.
let undoable = null;

export function forget() {
  undoable = null;
  document.querySelector("#toasts form")?.remove();
}

export function takeBack() {
  const form = document.querySelector("#toasts form") ?? (undoable && toast("", { undo: undoable }).querySelector("form"));
  form?.requestSubmit();
  return Boolean(form);
}

export function toast(text, { undo } = {}) {
  const region = document.getElementById("toasts");
  const element = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  // the address comes from our server, but an event can be sent by anything: stay on this site
  if (undo && new URL(undo, location.href).origin === location.origin)
    element.append(undoForm(undo, region.dataset.undo));
  if (undo) undoable = undo;
  region.replaceChildren(element);
  return element;
}

function keep(element) {
  let timer;
  const pause = () => clearTimeout(timer);
  const go = () => {
    pause();
    timer = setTimeout(() => element.remove(), SECONDS * 1000);
  };
  element.addEventListener("pointerenter", pause);
  element.addEventListener("focusin", pause);
  element.addEventListener("pointerleave", () => element.contains(document.activeElement) || go());
  element.addEventListener("focusout", go);
  go();
}

const region = document.getElementById("toasts");
if (region) {
  document.addEventListener("submit", ({ target }) => {
    if (target.closest("#toasts")) undoable = null; // once
  });
  region.querySelectorAll(".toast").forEach(keep);
  new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes) if (node.matches?.(".toast")) keep(node);
  }).observe(region, { childList: true });
  document.addEventListener("toast", ({ detail }) => toast(detail.text ?? detail.value, detail));
  // 422 brings the form back with its errors; whatever else went wrong is said here (drawer.js shows its own)
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (ctx.response.status !== 422 && ctx.target?.id !== "drawer") toast(region.dataset.refused);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx && !ctx.response) toast(region.dataset.unreached);
  });
}
