// The board by keyboard and by menu. Arrows go from card to card, Alt and an arrow moves one, M opens its menu, C a
// new task, E edits. A move is one POST; the answer is the whole board, morphed, so that the card stays the same
// element and keeps the focus. Without scripts the card's menu is a link to a plain form.
import htmx from "htmx";
import { announce, toast } from "sprintboard/toast";

const LIVE = "#board-live";
const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog[open], .menu");

export default function board(root) {
  const menu = document.getElementById("card-menu");
  const listening = new AbortController();
  const { signal } = listening;
  const canEdit = () => root.hasAttribute("data-can-edit");

  const columns = () => [...root.querySelectorAll(".column")];
  const cards = (column) => [...column.querySelectorAll(".card")];
  const cardOf = (element) => element?.closest?.(".card");
  const titleOf = (card) => card?.querySelector(".card-title a");
  const addressOf = (card) => titleOf(card).getAttribute("href");
  const focusCard = (card) => {
    titleOf(card)?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  let sending = false;
  async function send(address, values, card) {
    if (sending) return;
    sending = true;
    const id = card?.id;
    const beside = card && (neighbour(card, "ArrowDown") ?? neighbour(card, "ArrowUp"))?.id;
    try {
      await htmx.ajax("POST", address, { source: LIVE, target: LIVE, swap: "outerMorph", values });
    } finally {
      sending = false;
    }
    // a card that left the board hands the focus to the one beside it
    const next = id && (document.getElementById(id) ?? document.getElementById(beside));
    if (next) focusCard(next);
  }

  const move = (card, values) =>
    send(`${addressOf(card)}move/`, { version: card.dataset.version, ...values }, card);

  // between cards: up and down in the column, left and right to the same height in the next one with cards
  function neighbour(card, key) {
    const column = card.closest(".column");
    const place = cards(column).indexOf(card);
    if (key === "ArrowUp") return cards(column)[place - 1];
    if (key === "ArrowDown") return cards(column)[place + 1];
    const step = key === "ArrowRight" ? 1 : -1;
    const all = columns();
    for (let next = all.indexOf(column) + step; next >= 0 && next < all.length; next += step) {
      const there = cards(all[next]);
      if (there.length) return there[Math.min(place, there.length - 1)];
    }
    return undefined;
  }

  function moveByKey(card, key) {
    const column = card.closest(".column");
    const here = cards(column);
    const place = here.indexOf(card);
    const values = { column: column.dataset.columnId };
    if (key === "ArrowUp" && place > 0) values.before = here[place - 1].dataset.key;
    else if (key === "ArrowDown" && place < here.length - 1) values.after = here[place + 1].dataset.key;
    else if (key === "ArrowLeft" || key === "ArrowRight") {
      const target = columns()[columns().indexOf(column) + (key === "ArrowRight" ? 1 : -1)];
      if (!target) return;
      values.column = target.dataset.columnId;
      values.place = "top";
    } else return;
    move(card, values);
  }

  // the one menu of the page, opened at a card
  let chosen = null;
  function openMenu(card, button) {
    chosen = card;
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
      item.href = `${addressOf(card)}${item.dataset.link}?next=${encodeURIComponent(location.pathname)}`;
    menu.showPopover({ source: button });
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.positionArea = "none";
    menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - height - 8))}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    menu.querySelector(".menu-item:not([hidden])").focus();
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
      if (item.hasAttribute("data-copy-link")) {
        navigator.clipboard.writeText(new URL(addressOf(card), location.href).href);
        toast(item.dataset.copied);
        focusCard(card);
        return;
      }
      const { column, place, sprint, backlog } = item.dataset;
      if (sprint) move(card, { sprint });
      else if (backlog) move(card, { backlog });
      else if (place) move(card, { column: card.closest(".column").dataset.columnId, place });
      else move(card, { column, place: "top" });
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
      if (event.defaultPrevented || typing(event.target) || event.ctrlKey || event.metaKey) return;
      const card = root.contains(event.target) ? cardOf(event.target) : null;
      if (event.altKey) {
        if (!card || !canEdit() || !event.key.startsWith("Arrow")) return;
        event.preventDefault();
        moveByKey(card, event.key);
      } else if (event.key.startsWith("Arrow") && (card || event.target === document.body)) {
        const next = card ? neighbour(card, event.key) : root.querySelector(".card");
        if (!next) return;
        event.preventDefault();
        focusCard(next);
      } else if (card && canEdit() && menu && event.key.toLowerCase() === "m") {
        event.preventDefault();
        openMenuOf(card);
      } else if (card && canEdit() && event.key.toLowerCase() === "e") {
        event.preventDefault();
        location.assign(`${addressOf(card)}edit/?next=${encodeURIComponent(location.pathname)}`);
      } else if (event.key.toLowerCase() === "c") {
        const link = root.querySelector("[data-key-new]");
        if (!link) return;
        event.preventDefault();
        link.click();
      }
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
      htmx.ajax("GET", root.dataset.address, { source: LIVE, target: LIVE, swap: "outerMorph" });
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
