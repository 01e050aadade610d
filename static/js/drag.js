// Cards by pointer, and by finger after a long press (a swipe scrolls). The card floats on the body, a ghost stays at
// home, and its item is the slot. A drop is told to the server as any move (board-moves.js).
import Sortable, { AutoScroll } from "sortablejs";
import { land, lift } from "sprintboard/board-hold";
import { isOnItsWay, moved } from "sprintboard/board-moves";

const LONG_PRESS = 250;
const MOTION = 170;
const TILT = "1.6deg";
const SLOP = 5; // a hand that clicks trembles
const CARDS = "li:not(.column-empty)";

Sortable.mount(new AutoScroll());

export default function drag(root) {
  const listening = new AbortController();
  const { signal } = listening;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const lists = new Map();
  let byTouch = false;
  let chosen = false;
  let air = null; // { ghost, wasFocused, at: where the hand let it go }
  let cancelled = false;

  const cardOf = (item) => item?.querySelector(":scope > .card");

  // a copy that nobody takes for the card
  function unnamed(item) {
    item.inert = true;
    item.ariaHidden = "true";
    const card = cardOf(item);
    for (const name of ["id", "data-key", "aria-current"]) card.removeAttribute(name);
    return card;
  }

  function start({ item }) {
    const floating = Sortable.ghost;
    floating.style.opacity = "";
    floating.classList.remove("is-chosen");
    unnamed(floating).classList.add("is-dragging");
    const ghost = item.cloneNode(true);
    ghost.removeAttribute("style");
    ghost.className = "ghost";
    unnamed(ghost).classList.add("is-lifted");
    item.before(ghost);
    air = { ghost, wasFocused: item.contains(document.activeElement) };
    cancelled = false;
    root.classList.add("is-dragging");
    keepInLane(item);
    document.dispatchEvent(new CustomEvent("board:lifted", { detail: { card: cardOf(item) } }));
    show(item);
  }

  // a card goes from column to column and up and down in its lane: to be in another one it would have to be another
  function keepInLane(item) {
    const { order } = item.style;
    for (const one of root.querySelectorAll(".column-body > li"))
      one.classList.toggle("is-beside", one.matches(CARDS) && (one.style.order === order || one === air.ghost));
    for (const sortable of lists.values()) sortable.option("draggable", root.dataset.lanes ? ".is-beside" : CARDS);
  }

  function anyLane() {
    for (const one of root.querySelectorAll(".is-beside")) one.classList.remove("is-beside");
    for (const sortable of lists.values()) sortable.option("draggable", CARDS);
  }

  const isHome = (item) => [item.previousElementSibling, item.nextElementSibling].includes(air.ghost);

  function show(item) {
    const home = isHome(item);
    air.ghost.hidden = home;
    item.classList.toggle("is-home", home);
    const there = item.closest(".column");
    for (const column of root.querySelectorAll(".column"))
      column.classList.toggle("is-target", column === there && !there.contains(air.ghost));
  }

  function end({ item, originalEvent }) {
    if (!air) return;
    const { ghost, wasFocused, at } = air;
    const home = { list: ghost.parentElement, next: ghost.nextElementSibling };
    const back = cancelled || /cancel$/.test(originalEvent?.type ?? "") || !item.isConnected;
    const stays = back || isHome(item);
    if (back) ghost.before(item);
    ghost.remove();
    air = null;
    anyLane();
    document.dispatchEvent(new CustomEvent("board:dropped"));
    item.classList.remove("is-home");
    root.querySelector(".column.is-target")?.classList.remove("is-target");
    root.classList.remove("is-dragging");
    swallowClick();
    if (wasFocused) item.querySelector(".card-title a").focus({ preventScroll: true });
    settle(item, at);
    if (stays) land();
    else moved(root, item, home);
  }

  // from where the hand let it go
  function settle(item, at) {
    if (still.matches || !at) return;
    const to = item.getBoundingClientRect();
    const translate = [`${at.left - to.left}px ${at.top - to.top}px`, "0px 0px"];
    const frames = { translate, rotate: [TILT, "0deg"], scale: [1.02, 1], zIndex: [1, 1] };
    cardOf(item).animate(frames, { duration: MOTION, easing: "ease-out" });
  }

  // The click that follows the release is none. Nor is the one that Sortable waits for, which never comes after a touch:
  // it gets one of ours, or it would take the next real one.
  function swallowClick() {
    const over = new AbortController();
    const swallow = (event) => {
      if (event.isTrusted && event.detail === 0) return; // Enter on a link
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("click", swallow, { capture: true, signal: over.signal });
    const forget = () =>
      setTimeout(() => {
        over.abort();
        document.addEventListener("click", swallow, { capture: true });
        document.dispatchEvent(new MouseEvent("click", { cancelable: true }));
        document.removeEventListener("click", swallow, { capture: true });
      });
    if (cancelled) window.addEventListener("pointerup", forget, { capture: true, once: true });
    else forget();
  }

  const letGo = () => air && (air.at = Sortable.ghost?.firstElementChild?.getBoundingClientRect());

  function cancel() {
    cancelled = true;
    letGo();
    for (const kind of ["pointercancel", "touchcancel"]) document.dispatchEvent(new Event(kind, { cancelable: true }));
  }

  const options = {
    group: "cards",
    draggable: CARDS,
    filter: (event, item) =>
      !item || event.target.closest(".card-menu") !== null || isOnItsWay(cardOf(item)?.id),
    preventOnFilter: false,
    ignore: "", // it would write draggable="false" into the card
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: SLOP,
    fallbackClass: "in-air",
    chosenClass: "is-chosen",
    ghostClass: "is-slot",
    delay: LONG_PRESS,
    delayOnTouchOnly: true,
    touchStartThreshold: SLOP,
    invertSwap: true, // over the upper half of a card goes above it: the ghost keeps the cards from making way
    scroll: true,
    bubbleScroll: true,
    scrollSensitivity: 56,
    scrollSpeed: 14,
    emptyInsertThreshold: 12,
    onChoose({ item }) {
      chosen = true;
      lift();
      if (!item.isConnected) cancel(); // swapped away before the press was long
    },
    onUnchoose({ item }) {
      chosen = false;
      item.removeAttribute("draggable");
      if (!air) land();
    },
    onStart: start,
    onChange: ({ item }) => show(item),
    onEnd: end,
  };

  function bind() {
    for (const [list, sortable] of lists)
      if (!list.isConnected) {
        sortable.destroy();
        lists.delete(list);
      }
    for (const list of root.querySelectorAll(".column-body"))
      if (!lists.has(list)) lists.set(list, Sortable.create(list, options));
  }

  root.addEventListener(
    "pointerdown",
    ({ pointerType }) => {
      byTouch = pointerType === "touch";
      for (const sortable of lists.values()) {
        sortable.option("fallbackTolerance", byTouch ? 0 : SLOP);
        sortable.option("animation", still.matches ? 0 : MOTION);
      }
    },
    { capture: true, signal },
  );
  // a link is dragged as a link otherwise
  root.addEventListener("dragstart", (event) => event.target.closest?.(".card") && event.preventDefault(), { signal });
  // a long press lifts: no menu of the browser, and the page holds still under the finger
  const whileTouched = (event) => chosen && byTouch && event.cancelable && event.preventDefault();
  document.addEventListener("touchmove", whileTouched, { passive: false, signal });
  document.addEventListener("contextmenu", whileTouched, { signal });
  document.addEventListener(
    "keydown",
    (event) => {
      if (!air) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === "Escape") cancel();
    },
    { capture: true, signal },
  );
  for (const kind of ["pointerup", "mouseup", "touchend"]) window.addEventListener(kind, letGo, { capture: true, signal });
  document.addEventListener("htmx:after:swap", bind, { signal });

  bind();
  root.classList.add("can-drag");
  return () => {
    if (air) cancel();
    listening.abort();
    root.classList.remove("can-drag");
    for (const sortable of lists.values()) sortable.destroy();
  };
}
