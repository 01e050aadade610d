// Binds behaviour to elements: data-behaviour="draft copy" loads sprintboard/draft and sprintboard/copy and
// calls their default function with the element, once; what it returns is called when the element leaves.
// A new behaviour is one new file in static/js/. Words of people (hx-ignore) never get any.
const bound = new WeakMap();

async function attach(element) {
  if (bound.has(element) || element.closest("[hx-ignore]")) return;
  const leave = [];
  bound.set(element, leave);
  const names = element.dataset.behaviour.split(/\s+/).filter(Boolean);
  const loading = names.map((name) => import(`sprintboard/${name}`)); // side by side; bound in their order
  for (const module of loading) {
    const { default: bind } = await module;
    if (!element.isConnected) return;
    const stop = bind(element);
    if (stop) leave.push(stop);
  }
}

function detach(element) {
  bound.get(element)?.forEach((stop) => stop());
  bound.delete(element);
}

function each(node, action) {
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  if (node.matches("[data-behaviour]")) action(node);
  node.querySelectorAll("[data-behaviour]").forEach(action);
}

export function start(root = document.body) {
  each(root, attach);
  new MutationObserver((records) => {
    for (const { removedNodes } of records)
      for (const node of removedNodes) if (!node.isConnected) each(node, detach);
    for (const { addedNodes } of records)
      for (const node of addedNodes) if (node.isConnected) each(node, attach);
  }).observe(root, { childList: true, subtree: true });
}
