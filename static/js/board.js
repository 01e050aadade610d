// The board by keyboard and by menu. Arrows go from card to card, Alt and an arrow moves one, M opens its menu, E edits,
// A, P and B open what they name. A move is done here at once and told to the server (board-moves.js). Without scripts the
// card's menu is a link to a plain form.
import htmx from "htmx";
import { laneOf, shownCards } from "sprintboard/board-cards";
import { addressOf, moved, placeOf, sent } from "sprintboard/board-moves";
import { open } from "sprintboard/drawer";
import { combined, single, typing } from "sprintboard/keys";
import { announce, toast } from "sprintboard/toast";

const MOTION = 170;
const PARTS = { a: "assignee", p: "points", b: "blocked" };

export default function board(root) {
  const menu = document.getElementById("card-menu");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const listening = new AbortController();
  const { signal } = listening;
  const canEdit = () => root.hasAttribute("data-can-edit");

  const columns = () => [...root.querySelectorAll(".column")];
  const cards = shownCards;
  const cardOf = (element) => element?.closest?.(".card");
  const titleOf = (card) => card?.querySelector(".card-title a");
  const focusCard = (card) => {
    titleOf(card)?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // A card goes elsewhere on the board: before this item of the column, or to its end
  function put(card, column, next) {
    const item = card.closest("li");
    const list = column.querySelector(".column-body");
    const before = next ?? list.querySelector(".column-empty");
    if (item === before || (item.parentElement === list && item.nextElementSibling === before)) return;
    const home = placeOf(item);
    const from = item.getBoundingClientRect();
    if (list.moveBefore) list.moveBefore(item, before);
    else list.insertBefore(item, before);
    focusCard(card);
    glide(card, from);
    moved(root, item, home);
  }

  function glide(card, from) {
    const to = card.getBoundingClientRect();
    const translate = [`${from.left - to.left}px ${from.top - to.top}px`, "0px 0px"];
    if (!still.matches) card.animate({ translate, zIndex: [1, 1] }, { duration: MOTION, easing: "ease-out" });
  }

  // A card goes off the board, or a form says where: the focus goes to the one beside it if it is gone
  async function send(address, values, card) {
    const id = card?.id;
    const beside = card && (neighbour(card, "ArrowDown") ?? neighbour(card, "ArrowUp"))?.id;
    await sent(root, address, values, card);
    const next = id && (document.getElementById(id) ?? document.getElementById(beside));
    if (next) focusCard(next);
  }

  const firstItem = (column, lane) => cards(column).find((card) => laneOf(card) === lane)?.closest("li");

  // between cards: up and down in the column, left and right to the same height of the lane in the next one with cards
  function neighbour(card, key) {
    const column = card.closest(".column");
    const place = cards(column).indexOf(card);
    if (key === "ArrowUp") return cards(column)[place - 1];
    if (key === "ArrowDown") return cards(column)[place + 1];
    const step = key === "ArrowRight" ? 1 : -1;
    const all = columns();
    const inLane = (one) => cards(one).filter((other) => laneOf(other) === laneOf(card));
    const height = inLane(column).indexOf(card);
    for (let next = all.indexOf(column) + step; next >= 0 && next < all.length; next += step) {
      const there = inLane(all[next]);
      if (there.length) return there[Math.min(height, there.length - 1)];
    }
    return undefined;
  }

  // Up and down among the cards that one sees in its lane; left and right to the top of the next column
  function moveByKey(card, key) {
    const column = card.closest(".column");
    const lane = laneOf(card);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const target = columns()[columns().indexOf(column) + (key === "ArrowRight" ? 1 : -1)];
      if (target) put(card, target, firstItem(target, lane) ?? target.querySelector(".column-body").firstElementChild);
      return;
    }
    const here = cards(column).filter((one) => laneOf(one) === lane);
    const other = here[here.indexOf(card) + (key === "ArrowUp" ? -1 : 1)]?.closest("li");
    if (other) put(card, column, key === "ArrowUp" ? other : other.nextElementSibling);
  }

  // The menu says a column, or an end of its own
  function moveTo(card, column, place) {
    const list = column.querySelector(".column-body");
    put(card, column, place === "bottom" ? list.querySelector(".column-empty") : list.firstElementChild);
  }

  // what the card is, opened where it is changed
  async function change(card, name) {
    if (name !== "blocked") return open(`${addressOf(card)}?focus=${name}`);
    await open(addressOf(card));
    const part = () => document.querySelector("#drawer #task-blocked");
    const come = () => part()?.querySelector("[name=reason]")?.focus();
    document.getElementById("drawer").addEventListener("htmx:after:swap", come, { once: true, signal });
    part()?.querySelector('[hx-get$="/block/"]')?.click();
  }

  // the one menu of the page, opened at a card
  let chosen = null;
  function prepare(card) {
    const column = card.closest(".column");
    const all = columns();
    const here = all.indexOf(column);
    for (const item of menu.querySelectorAll("[data-column]")) {
      const place = all.findIndex((one) => one.dataset.columnId === item.dataset.column);
      item.hidden = place === here;
      const hint = item.querySelector("[data-hint]");
      hint.textContent = { [here - 1]: "alt ←", [here + 1]: "alt →" }[place] ?? "";
    }
    const order = cards(column);
    menu.querySelector('[data-place="top"]').hidden = order[0] === card;
    menu.querySelector('[data-place="bottom"]').hidden = order.at(-1) === card;
    for (const item of menu.querySelectorAll("[data-link]"))
      item.href = `${addressOf(card)}${item.dataset.link}?next=${encodeURIComponent(location.pathname + location.search)}`;
  }

  function openMenu(card, button) {
    chosen = card;
    prepare(card);
    menu.showPopover({ source: button });
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.positionArea = "none";
    menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - height - 8))}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    menu.querySelector(".menu-item:not([hidden])").focus();
  }

  function copyLink(item, card) {
    navigator.clipboard.writeText(new URL(addressOf(card), location.href).href);
    toast(item.dataset.copied);
    focusCard(card);
  }

  function choose(item, card) {
    const { column, place, sprint, backlog, part } = item.dataset;
    if (item.hasAttribute("data-copy-link")) copyLink(item, card);
    else if (part) change(card, part);
    else if (item.hasAttribute("data-link")) location.assign(item.href);
    else if (sprint || backlog) send(`${addressOf(card)}move/`, sprint ? { sprint } : { backlog }, card);
    else if (place) moveTo(card, card.closest(".column"), place);
    else moveTo(card, columns().find((one) => one.dataset.columnId === column), "top");
  }

  const openMenuOf = (card) => openMenu(card, card.querySelector(".card-menu"));

  root.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest(".card-menu");
      if (!button || !menu || !canEdit() || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      openMenu(cardOf(button), button);
    },
    { signal },
  );

  menu?.addEventListener(
    "click",
    (event) => {
      const item = event.target.closest(".menu-item");
      // the board may have been swapped while the menu was open
      const card = chosen && document.getElementById(chosen.id);
      if (!item || !card || item.hasAttribute("data-link")) return;
      menu.hidePopover();
      choose(item, card);
    },
    { signal },
  );

  menu?.addEventListener(
    "toggle",
    ({ newState }) => {
      // closed by Escape or a click beside it: back to the card it belongs to, as it is on the board by now
      const { activeElement: focused } = document;
      if (newState === "closed" && chosen && (focused === document.body || menu.contains(focused)))
        focusCard(document.getElementById(chosen.id));
    },
    { signal },
  );

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || typing(event.target)) return;
      const card = root.contains(event.target) ? cardOf(event.target) : null;
      if (event.key.startsWith("Arrow")) arrow(event, card);
      else if (card && canEdit() && menu && pressed(single(event), card)) event.preventDefault();
    },
    { signal },
  );

  function arrow(event, card) {
    if (event.altKey && card && canEdit()) {
      event.preventDefault();
      moveByKey(card, event.key);
    } else if (!combined(event) && (card || event.target === document.body)) {
      const next = card ? neighbour(card, event.key) : columns().flatMap(cards)[0];
      if (!next) return;
      event.preventDefault();
      focusCard(next);
    }
  }

  function pressed(key, card) {
    if (key === "m") openMenuOf(card);
    else if (key === "e") location.assign(`${addressOf(card)}edit/?next=${encodeURIComponent(location.pathname + location.search)}`);
    else if (PARTS[key]) change(card, PARTS[key]);
    else return false;
    return true;
  }

  // the palette offers what the menu of this card holds
  document.addEventListener(
    "palette:open",
    ({ detail: { from, name, offer } }) => {
      const card = cardOf(from) ?? root.querySelector('.card[aria-current="true"]');
      if (!card || !menu || !canEdit()) return;
      prepare(card);
      for (const item of menu.querySelectorAll(".menu-item:not([hidden])")) {
        const now = () => document.getElementById(card.id);
        const leads = item.dataset.column || item.dataset.sprint;
        offer(item, () => now() && choose(item, now()), leads ? menu.dataset.say : "");
      }
      name(card.dataset.key);
    },
    { signal },
  );

  // an Undo, and the column menu of the drawer, stay on this page too
  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      const undo = form.closest(".toast") && form.action.includes("/tasks/");
      const inDrawer = form.matches("#drawer [data-board-form]");
      if (!undo && !inDrawer) return;
      event.preventDefault();
      const values = Object.fromEntries(new FormData(form, event.submitter));
      const key = form.action.match(/\/tasks\/([^/]+)\//)?.[1];
      const card = root.querySelector(`.card[data-key="${CSS.escape(key)}"]`);
      if (undo) form.closest(".toast").remove();
      form.closest("[popover]")?.hidePopover();
      const { pathname, search } = new URL(form.action);
      await send(pathname + search, values, inDrawer ? null : card);
      const back = undo && root.querySelector(`.card[data-key="${CSS.escape(key)}"]`);
      if (back) focusCard(back);
      if (inDrawer)
        await htmx.ajax("GET", location.pathname, { target: "#drawer", swap: "innerMorph" });
    },
    { signal },
  );

  // what was said or ticked in the drawer shows on its card
  document.addEventListener(
    "htmx:after:request",
    ({ detail: { ctx } }) => {
      if (ctx.request.method === "GET" || !ctx.sourceElement?.closest?.("#drawer") || !ctx.response?.raw?.ok) return;
      document.dispatchEvent(new CustomEvent("board:look"));
    },
    { signal },
  );

  root.addEventListener(
    "htmx:error",
    () => announce(document.getElementById("toasts")?.dataset.unreached ?? ""),
    { signal },
  );

  return () => listening.abort();
}
