// Keys of every page: Ctrl or Command K opens the palette, G and a letter goes to a place, / filters, C makes something
// new, ? lists the keys, Ctrl or Command Z takes back. Single keys are off in fields and menus, while a card is in the
// air, and for who switched them off (WCAG 2.1.4).
import { takeBack } from "sprintboard/toast";

const MAC = /Mac|iP/.test(navigator.platform);
const FIELDS =
  "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]:not([contenteditable=false]), dialog[open], .menu";
const PLACES = { b: "board", p: "planning", r: "requests", v: "reviews" };
const SECOND = 1500; // how long G waits for its letter
let since = -SECOND;

export const typing = (target) => Boolean(target.closest?.(FIELDS)) || Boolean(document.querySelector("dialog:modal"));
export const combined = (event) => event.ctrlKey || event.metaKey || event.altKey;

// The single key that was pressed, in small letters; "" for any other.
export function single(event) {
  if (combined(event) || [...event.key].length > 1 || event.key === " ") return "";
  if (document.body.dataset.singleKeys === "off" || typing(event.target)) return "";
  return document.querySelector(".is-dragging") ? "" : event.key.toLowerCase();
}

// Ctrl, or the key that is in its place on a Mac
export const mod = (event) => (MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey;

export function nameKeys(part) {
  if (!MAC) return;
  for (const key of part.querySelectorAll("kbd[data-mod]")) key.textContent = "⌘";
  for (const key of part.querySelectorAll("kbd[data-mod-key]")) key.textContent = `⌘${key.dataset.modKey}`;
}

const link = (selector) => document.querySelector(selector);
const openPalette = () =>
  import("sprintboard/palette").then(({ open }) => open(link("[data-palette]"))).catch(() => link("[data-palette]")?.click());
const openSheet = () =>
  import("sprintboard/key-sheet").then(({ open }) => open(link("[data-key-sheet]"))).catch(() => link("[data-key-sheet]")?.click());

function follow(element) {
  element?.click();
  return Boolean(element);
}

function filter() {
  const field = link("main [data-filter-text], main input[type=search]");
  if (!field) return openPalette();
  if (!field.checkVisibility()) field.closest("[popover]")?.showPopover(); // narrow windows put it away
  field.focus();
  field.select();
  return true;
}

function act(event) {
  const key = single(event);
  const isSecond = event.timeStamp - since < SECOND;
  since = key === "g" ? event.timeStamp : -SECOND;
  if (!key || event.repeat) return false;
  if (key === "g") return true;
  if (isSecond && PLACES[key]) return follow(link(`.side-nav [data-place="${PLACES[key]}"]`));
  if (key === "/") return filter();
  if (key === "?") return openSheet();
  if (key === "c" && !event.shiftKey) return follow(link("main [data-key-new]") ?? link(".tab-main"));
  return false;
}

document.addEventListener(
  "keydown",
  (event) => {
    const isOurs = mod(event) && !event.shiftKey;
    const pressed = event.key.toLowerCase();
    if (!link("[data-palette]") || event.isComposing) return;
    if (isOurs && pressed === "k") openPalette();
    else if (isOurs && pressed === "z" && !typing(event.target)) {
      if (!takeBack()) return;
    } else if (!act(event)) return;
    event.preventDefault();
    event.stopPropagation(); // the page has keys of its own
  },
  { capture: true },
);

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || !event.isTrusted) return;
  const opens = event.target.closest("[data-palette], [data-key-sheet]");
  if (!opens) return;
  event.preventDefault();
  opens.closest("[popover]")?.hidePopover();
  if (opens.matches("[data-palette]")) openPalette();
  else openSheet();
});

nameKeys(document);
