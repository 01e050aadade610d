// The board, kept true: a move by somebody else is done here at once, everything else is fetched as what changed
// since the number that the page shows. Nothing under the pointer or the focus moves away.
import htmx from "htmx";
import { alone, held } from "sprintboard/board-hold";
import { count } from "sprintboard/board-sums";
import { connect } from "sprintboard/live";

const LIVE = "#board-live";
const FRESH = 2_000;
const POLL = 15_000; // without a stream
const TOGETHER = [60, 300]; // changes that come together are fetched together, and not by everybody at once
const PATIENCE = 20_000; // an answer that takes longer was lost on its way
const AGES = 600_000; // between two tries to leave yesterday behind
const SPARING = [2_000, 6_000]; // a server that did not answer is left in peace for a while
const ELSEWHERE = /^(requests_intake|reviews|notifications)\./;

export default function liveBoard(root) {
  const { stream, changes, address, me } = root.dataset;
  const live = () => root.querySelector(LIVE);
  const shown = () => Number(live().dataset.seq);
  let seq = shown();
  let known = seq; // the newest number heard of
  let busy = false;
  let wanted = false; // asked for while a card was in the air
  let soon = 0;
  let failed = false;
  let poll = 0;
  let status = "live";
  let others = null; // once a colleague is there
  let tried = 0; // when yesterday was last left behind
  const listening = new AbortController();
  const { signal } = listening;

  const cardOf = (id) => document.getElementById(id);
  const columnOf = (id) => root.querySelector(`.column[data-column-id="${CSS.escape(id)}"]`);

  function show(state) {
    status = state;
    const element = root.querySelector("[data-live-status]");
    if (element) {
      element.dataset.state = state;
      element.textContent = element.dataset[state];
    }
    others?.then((they) => they.paint(status === "live" || status === "catching"));
    clearInterval(poll);
    if (state === "lost" || state === "ended")
      poll = setInterval(() => document.hidden || catchUp(), POLL * (0.8 + Math.random() * 0.4));
  }

  // an own move's answer is the whole board with its number; one that was long on its way shows less than was known
  function agree() {
    seq = shown();
    known = Math.max(known, seq);
  }

  // late, or the day's number on a ruler: what was drawn yesterday is not true any more
  function overnight() {
    const now = Date.now();
    return now > Number(live().dataset.dayEnds) * 1_000 && now > tried + AGES;
  }

  function here(news) {
    if (!others && news.count < 2) return;
    others ??= import("sprintboard/presence").then(({ presence }) => presence(root, me, signal));
    others.then((they) => they.heard(news));
  }

  // the task that is open beside the board listens too (in-place.js); without a detail anything may have changed
  const tell = (event) => document.dispatchEvent(new CustomEvent("live:heard", { detail: event }));

  function heard(event) {
    tell(event);
    agree();
    if (overnight()) later();
    if (event.seq <= seq) return;
    known = Math.max(known, event.seq);
    if (held()) return;
    if (event.seq === seq + 1 && follow(event)) {
      seq = event.seq;
      live().dataset.seq = seq;
      if (known > seq) later();
    } else later();
  }

  // whether the page can do by itself what happened
  function follow(event) {
    if (!event.verb) return false;
    if (ELSEWHERE.test(event.subject[0])) return true;
    if (event.verb !== "task_moved") return false;
    const { sprint_id: sprint, column, before, version } = event.data;
    if (String(sprint) !== live().dataset.sprint) return false;
    const card = cardOf(`task-${event.subject[1]}`);
    const next = before && root.querySelector(`.card[data-key="${CSS.escape(before)}"]`);
    const target = columnOf(String(column));
    if (!card || !target || (before && !next)) return false;
    if (Number(card.dataset.version) >= version) return true; // my own move, answered before it was told
    card.dataset.version = version;
    steadily(() => {
      place(card.closest("li"), target, next);
      count(root);
    });
    if (String(event.by?.id) !== me) freshen(card);
    return true;
  }

  function place(item, column, next) {
    const list = column.querySelector(".column-body");
    const before = next?.closest("li") ?? list.querySelector(".column-empty");
    if (item.nextElementSibling === before && item.parentElement === list) return;
    const focus = item.contains(document.activeElement) ? document.activeElement : null;
    if (item.isConnected && list.moveBefore) list.moveBefore(item, before);
    else list.insertBefore(item, before);
    if (focus && document.activeElement !== focus) focus.focus({ preventScroll: true });
  }

  // what is pointed at, or has the focus, stays where it is on the screen
  function steadily(change) {
    const anchor = root.querySelector(".card:hover") ?? document.activeElement?.closest?.(".card");
    const top = anchor?.getBoundingClientRect().top;
    change();
    if (!anchor?.isConnected) return;
    // a column scrolls by itself, with lanes all of them together
    for (const list of [anchor.closest(".column-body"), anchor.closest(".columns")])
      list.scrollTop += anchor.getBoundingClientRect().top - top;
  }

  function freshen(card) {
    card.classList.remove("is-fresh");
    void card.offsetWidth; // begins the animation again
    card.classList.add("is-fresh");
    setTimeout(() => card.classList.remove("is-fresh"), FRESH);
  }

  function later() {
    if (soon) return;
    const [least, most] = failed ? SPARING : TOGETHER;
    soon = setTimeout(catchUp, least + Math.random() * (most - least));
  }

  async function catchUp() {
    clearTimeout(soon);
    soon = 0;
    if (held()) return void (wanted = true);
    wanted = false;
    if (busy) return later();
    agree();
    busy = true;
    const [asked, told] = [seq, known];
    const quiet = status !== "live";
    if (known > seq + 20) show("catching");
    try {
      const headers = { Accept: "text/html" };
      const answer = await fetch(`${changes}?since=${asked}`, { headers, signal: AbortSignal.timeout(PATIENCE) });
      if (answer.redirected || answer.status === 404) return location.reload(); // signed out, or no member any more
      failed = !answer.ok;
      if (failed) return;
      const next = Number(answer.headers.get("X-Seq"));
      agree();
      if (held() || seq !== asked) {
        known = Math.max(known, next); // the whole board came meanwhile, from before or after this answer
        return;
      }
      const stale = overnight();
      if (stale) tried = Date.now();
      if (quiet && next !== asked) tell();
      if (stale || answer.headers.get("X-Whole")) await fetchAll();
      else {
        if (answer.status === 200) {
          const text = await answer.text();
          if (held()) {
            known = Math.max(known, next);
            return;
          }
          apply(text);
        }
        seq = Math.max(next, seq);
        live().dataset.seq = seq;
      }
      failed = seq === asked && next !== asked; // the whole board did not come
      if (failed) known = Math.max(known, next);
      else if (known === told) known = seq; // a server restored from a backup counts from less
      if (!quiet || status === "catching") show(status === "catching" ? "live" : status);
    } catch {
      failed = true;
      show(navigator.onLine ? "lost" : "offline");
    } finally {
      busy = false;
      if (known > seq && !soon && !held()) later();
    }
  }

  async function fetchAll() {
    await htmx.ajax("GET", address, { source: LIVE, target: LIVE, swap: "outerMorph" });
    if (held()) return;
    agree();
    show(status);
  }

  function apply(text) {
    const parts = new DOMParser().parseFromString(text, "text/html");
    steadily(() => {
      for (const part of parts.querySelectorAll("template[data-gone]"))
        cardOf(part.dataset.gone)?.closest("li").remove();
      for (const part of parts.querySelectorAll("template[data-card]")) applyCard(part);
      const head = parts.querySelector("template[data-page-head]");
      if (head) live().querySelector(".board-head").replaceWith(document.importNode(head.content, true));
      count(root);
    });
    show(status);
  }

  function applyCard(part) {
    const column = columnOf(part.dataset.column);
    if (!column) return;
    const next = part.dataset.before ? cardOf(part.dataset.before) : null;
    const made = document.importNode(part.content, true).firstElementChild;
    let card = cardOf(part.dataset.card);
    if (!card) {
      const item = document.createElement("li");
      item.append(made);
      place(item, column, next);
      htmx.process(item);
      return freshen(made);
    }
    const current = card.getAttribute("aria-current");
    card.classList.remove("is-fresh", "is-held");
    card.querySelector(":scope > .held-by")?.remove();
    card.removeAttribute("aria-current");
    card.dataset.version = made.dataset.version; // which alone makes no other card: a move leaves it as it is
    if (card.outerHTML !== made.outerHTML) {
      const focused = card.contains(document.activeElement);
      card.replaceWith(made);
      htmx.process(made);
      if (focused) made.querySelector(".card-title a").focus({ preventScroll: true });
      card = made;
      freshen(card);
    }
    if (current) card.setAttribute("aria-current", current);
    place(card.closest("li"), column, next);
  }

  const hangUp = connect(stream, {
    me,
    heard,
    here,
    state(next) {
      root.dataset.line = next; // before the first word from the server there is none
      if (next === "live" && status !== "live") {
        show("live");
        catchUp();
      } else if (next !== status) show(next);
    },
  });

  document.addEventListener("visibilitychange", () => document.hidden || catchUp(), { signal });
  window.addEventListener("online", catchUp, { signal });
  // a swap of the whole board forgets what the dot said, and may be older than what was heard
  const swapped = () => {
    agree();
    show(status);
    if (known > seq) later();
  };
  root.addEventListener("htmx:after:swap", swapped, { signal });
  // a card has landed, and its answer is here: now what happened meanwhile
  const landed = ({ detail: { missed } }) => {
    agree();
    if (missed) fetchAll();
    else if (wanted || known > seq) catchUp();
  };
  document.addEventListener("board:free", landed, { signal });
  // the answer to what the reader did himself, unless another card is in the air or the stream was faster
  const answered = ({ detail: { text, seq: next, whole } }) => {
    agree();
    known = Math.max(known, next);
    if (!alone() || whole) wanted = true;
    else if (next >= seq) {
      apply(text);
      seq = next;
      live().dataset.seq = seq;
    }
  };
  document.addEventListener("board:answer", answered, { signal });
  document.addEventListener("board:look", catchUp, { signal });

  return () => {
    listening.abort();
    hangUp();
    clearInterval(poll);
    clearTimeout(soon);
  };
}
