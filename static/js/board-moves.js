// What was moved on this page is told to the server: one move after the other, each with the version that the answer
// before it gave. The card lies where it was put at once. What a refusal or a broken line undoes goes back to where it
// was, and a toast says so.
import htmx from "htmx";
import { drop } from "sprintboard/board-hold";
import { count } from "sprintboard/board-sums";
import { forget, toast } from "sprintboard/toast";

const LIVE = "#board-live";
const homes = new Map(); // cards whose move waits for its turn, and where each was before
const under = new Set(); // cards whose move is on its way
let queue = Promise.resolve();

const cardOf = (item) => item?.querySelector(":scope > .card");
export const isOnItsWay = (id) => homes.has(id) || under.has(id);
export const addressOf = (card) => card.querySelector(".card-title a").getAttribute("href");
export const placeOf = (item) => ({ list: item.parentElement, next: item.nextElementSibling });

function keyBeside(item, side) {
  let next = item[side];
  while (next && !cardOf(next)?.dataset.key) next = next[side];
  return cardOf(next)?.dataset.key;
}

// its place, said by its neighbours
function placeNow(item) {
  const values = { column: item.closest(".column").dataset.columnId };
  const above = keyBeside(item, "previousElementSibling");
  const below = keyBeside(item, "nextElementSibling");
  if (above) return { ...values, after: above };
  return below ? { ...values, before: below } : { ...values, place: "top" };
}

// The item was put elsewhere; its card was at `home`. Moves of one card that still wait become one.
export function moved(root, item, home) {
  const { id } = cardOf(item);
  count(root);
  if (homes.has(id)) return queue;
  homes.set(id, home);
  return inTurn(async () => {
    const from = homes.get(id);
    const card = document.getElementById(id);
    homes.delete(id);
    if (!from || !card) return; // the move before it was refused
    const values = { version: card.dataset.version, ...placeNow(card.closest("li")) };
    const { status, told } = await post(root, `${addressOf(card)}move/`, values, id);
    if (status === 200) return;
    homes.delete(id);
    if (!told) putBack(root, id, from);
    if (!isTold(status)) stays(document.getElementById(id));
  });
}

// The card leaves the board, or comes back to it: it lies where it is until the answer is there.
export function sent(root, address, values, card) {
  const { id } = card ?? {};
  return inTurn(async () => {
    const now = id && document.getElementById(id);
    const version = now ? { version: now.dataset.version } : {};
    const { status } = await post(root, address, { ...version, ...values }, id);
    if (now && status !== 200 && !isTold(status)) stays(now);
  });
}

function inTurn(send) {
  const turn = queue;
  forget(); // until the answer brings an Undo, there is none: the one before would take back something else
  queue = drop(async () => {
    await turn;
    return send();
  });
  return queue;
}

// These answers say what happened
const isTold = (status) => status === 409 || status === 422;

// The answer is what this page lacked, which live-board.js puts where it belongs. `told`: it says where the card is.
async function post(root, address, values, id) {
  let ctx = null;
  const look = ({ detail }) => {
    if (detail.ctx.sourceElement === root) ctx = detail.ctx;
  };
  const since = root.querySelector(LIVE).dataset.seq;
  under.add(id);
  root.addEventListener("htmx:finally:request", look);
  try {
    // its source is not the board itself, whose own fetches would queue with it and drop it
    const headers = { "HX-Target": "board-live", "X-Since": since };
    await htmx.ajax("POST", address, { source: root, target: root, swap: "none", headers, values });
  } finally {
    under.delete(id);
    root.removeEventListener("htmx:finally:request", look);
  }
  const { status = 0, headers } = ctx?.response ?? {};
  const text = ctx?.text ?? "";
  if (headers?.has("X-Seq")) {
    if (id) refresh(id, text);
    const detail = { text, since: Number(since), seq: Number(headers.get("X-Seq")), whole: headers.has("X-Whole") };
    document.dispatchEvent(new CustomEvent("board:answer", { detail }));
  }
  const told = headers?.has("X-Whole") || [`data-card="${id}"`, `data-gone="${id}"`].some((mark) => text.includes(mark));
  return { status, told };
}

// An answer that another move holds back still says the card's version
function refresh(id, text) {
  const version = text.match(new RegExp(`id="${id}"[^>]* data-version="(\\d+)"`))?.[1];
  const card = document.getElementById(id);
  if (version && card && Number(version) > Number(card.dataset.version)) card.dataset.version = version;
}

function putBack(root, id, { list, next }) {
  const item = document.getElementById(id)?.closest("li");
  if (!item) return;
  if (list.isConnected) {
    const focused = item.contains(document.activeElement) && document.activeElement;
    list.insertBefore(item, next?.parentElement === list ? next : list.querySelector(".column-empty"));
    if (focused) focused.focus({ preventScroll: true });
    count(root);
  }
}

// instead of the sentence that says only that nothing was saved
function stays(card) {
  if (!card) return;
  const words = document.getElementById("card-menu")?.dataset.stays;
  const why = document.querySelector("#toasts .toast")?.textContent ?? "";
  const where = card.closest(".column").querySelector("h2").textContent.trim();
  if (words) toast(`${words.replace("{key}", card.dataset.key).replace("{where}", where)} ${why}`.trim());
}
