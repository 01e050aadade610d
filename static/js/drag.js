// Cards by pointer, and by finger after a long press (a swipe scrolls). The card floats on the body, a ghost stays at
// home, and its item is the slot. A drop is the POST that a move by key is; the card stays where it was dropped until
// the answer says where it is.
import htmx from "htmx";
import Sortable, { AutoScroll } from "sortablejs";
import { drop, land, lift } from "sprintboard/board-hold";
import { count } from "sprintboard/board-sums";

const LIVE = "#board-live";
const LONG_PRESS = 250;
const MOTION = 170;
const TILT = "1.6deg";
const SLOP = 5; // a hand that clicks trembles

Sortable.mount(new AutoScroll());

export default function drag(root) {
  const listening = new AbortController();
  const { signal } = listening;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const lists = new Map();
  const sending = new Set(); // cards whose drop is not answered yet
  let queue = Promise.resolve();
  let byTouch = false;
  let chosen = false;
  let air = null; // { ghost, wasFocused }
  let cancelled = false;

  const cardOf = (item) => item?.querySelector(":scope > .card");
  const keyBeside = (item, side) => {
    let next = item[side];
    while (next && !cardOf(next)?.dataset.key) next = next[side];
    return cardOf(next)?.dataset.key;
  };

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
    document.dispatchEvent(new CustomEvent("board:lifted", { detail: { card: cardOf(item) } }));
    show(item);
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
    const { ghost, wasFocused } = air;
    const home = { list: ghost.parentElement, next: ghost.nextElementSibling };
    const back = cancelled || /cancel$/.test(originalEvent?.type ?? "") || !item.isConnected;
    const stays = back || isHome(item);
    if (back) ghost.before(item);
    ghost.remove();
    air = null;
    document.dispatchEvent(new CustomEvent("board:dropped"));
    item.classList.remove("is-home");
    root.querySelector(".column.is-target")?.classList.remove("is-target");
    root.classList.remove("is-dragging");
    swallowClick();
    if (wasFocused) item.querySelector(".card-title a").focus({ preventScroll: true });
    if (!still.matches) cardOf(item).animate({ rotate: [TILT, "0deg"], scale: [1.02, 1] }, { duration: MOTION });
    if (stays) return land();
    count(root);
    send(item, home);
  }

  function send(item, home) {
    const card = cardOf(item);
    const above = keyBeside(item, "previousElementSibling");
    const below = keyBeside(item, "nextElementSibling");
    const values = { version: card.dataset.version, column: item.closest(".column").dataset.columnId };
    if (above) values.after = above;
    else if (below) values.before = below;
    else values.place = "top";
    const address = `${card.querySelector(".card-title a").getAttribute("href")}move/`;
    sending.add(card.id);
    // one after the other, each counted from the moment it was dropped
    const turn = queue;
    queue = drop(async () => {
      await turn;
      const came = await post(address, values);
      sending.delete(card.id);
      if (!came) putBack(card.id, home);
    });
  }

  // Whether the server said where the card is; if not, it was told by a toast already.
  async function post(address, values) {
    let status = 0;
    const look = ({ detail: { ctx } }) => {
      if (ctx.sourceElement === root) status = ctx.response?.status ?? 0;
    };
    root.addEventListener("htmx:finally:request", look);
    try {
      // its source is not the board itself, whose own fetches would queue with it and drop it
      const headers = { "HX-Target": "board-live" };
      await htmx.ajax("POST", address, { source: root, target: LIVE, swap: "outerMorph", headers, values });
    } finally {
      root.removeEventListener("htmx:finally:request", look);
    }
    return [200, 409, 422].includes(status);
  }

  function putBack(id, { list, next }) {
    const item = document.getElementById(id)?.closest("li");
    if (!item || !list.isConnected) return;
    list.insertBefore(item, next?.parentElement === list ? next : list.querySelector(".column-empty"));
    count(root);
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

  function cancel() {
    cancelled = true;
    for (const kind of ["pointercancel", "touchcancel"]) document.dispatchEvent(new Event(kind, { cancelable: true }));
  }

  const options = {
    group: "cards",
    draggable: "li:not(.column-empty)",
    filter: (event, item) =>
      !item || event.target.closest(".card-menu") !== null || sending.has(cardOf(item)?.id),
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
