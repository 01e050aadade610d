// What the board shows: filters by what the cards say of themselves, kept in the address, and the person's own view
// (swimlanes, density), kept on the server. Nothing is fetched: a card that comes, changes or is swapped in is looked at
// before it is painted. What the filter hides stays where it is in its list.
//
// A change by the reader leaves the measures "board-filter" (its work) and "board-filter-frame" (until it is painted)
// in the browser's performance timeline.
import htmx from "htmx";

const TOGGLES = ["mine", "sales", "blocked"];
const PICKS = { campaign: "campaign", person: "assignee", channel: "channel" }; // by what the cards call it
const NONE = "none";
const PAUSE = 200; // ms without a letter until the words are in the address: a browser takes 100 changes in half a minute
const MARKS = /\p{M}/gu;

const plain = (text) => text.normalize("NFD").replace(MARKS, "").toLowerCase();
const set = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

export default function boardView(root) {
  const made = document.querySelector("[data-board-bar]");
  if (!made) return undefined;
  const bar = document.importNode(made.content, true).firstElementChild;
  const { me } = root.dataset;
  const page = location.pathname;
  const input = bar.querySelector("[data-filter-text]");
  const form = bar.querySelector("form");
  const controls = new Map([...bar.querySelectorAll("[data-filter]")].map((one) => [one.dataset.filter, one]));
  const names = { campaign: new Map(), assignee: new Map() }; // as the cards write them
  const kept = new Set(); // cards that left the filter under the reader's hands
  const listening = new AbortController();
  const { signal } = listening;
  let wanted = asked(new URLSearchParams(location.search));
  let lanes = null; // the module, once it is needed
  let writing = 0;

  function asked(query) {
    const found = { text: (query.get("q") ?? "").trim().slice(0, input.maxLength) };
    for (const name of TOGGLES) found[name] = query.get(name) === "1" && controls.has(name);
    for (const name in PICKS) found[name] = /^(\d{1,18}|none)$/.test(query.get(name)) ? query.get(name) : "";
    return found;
  }

  const used = () => Object.values(wanted).filter(Boolean).length;

  // The page below an open drawer has its address in the history: it is written when the drawer is closed.
  function write() {
    if (location.pathname !== page) return;
    const query = new URLSearchParams(location.search);
    for (const name of TOGGLES) wanted[name] ? query.set(name, "1") : query.delete(name);
    for (const name in PICKS) wanted[name] ? query.set(name, wanted[name]) : query.delete(name);
    wanted.text ? query.set("q", wanted.text) : query.delete("q");
    const search = query.size ? `?${query}` : "";
    if (search !== location.search) history.replaceState(history.state, "", page + search + location.hash);
  }

  function matcher() {
    const words = plain(wanted.text).split(/\s+/).filter(Boolean);
    const picks = Object.entries(PICKS).filter(([name]) => wanted[name]);
    return (card) => {
      const { dataset } = card;
      if (wanted.mine && dataset.assignee !== me) return false;
      if (wanted.sales && dataset.origin !== "sales") return false;
      if (wanted.blocked && !("blocked" in dataset)) return false;
      for (const [name, property] of picks) if ((dataset[property] || NONE) !== wanted[name]) return false;
      if (!words.length) return true;
      const text = plain(`${dataset.key} ${wordsOf(card)}`);
      return words.every((word) => text.includes(word));
    };
  }

  const wordsOf = (card) =>
    [...card.querySelectorAll(".card-title, .card-top .chip, .card-origin b")].map((part) => part.textContent).join(" ");

  const isHeld = (card, item) =>
    card.contains(document.activeElement) ||
    card.hasAttribute("aria-current") ||
    item.matches(".is-slot, .is-chosen, .ghost");

  function apply({ byReader = false } = {}) {
    const begun = performance.now();
    stand();
    const columns = look(matcher(), byReader);
    const all = { cards: 0, shown: 0, sales: 0, blocked: 0 };
    for (const one of columns) for (const name in all) all[name] += one[name];
    // with lanes, the word for an empty column would lie under their heads
    const mayBeEmpty = !root.dataset.lanes || !all.shown;
    for (const one of columns) say(one, mayBeEmpty);
    sum(all);
    const rows = columns.flatMap((one) => one.rows);
    if (root.dataset.lanes) lanes?.arrange(rows, root.dataset.lanes, { ...names, channel: channels() });
    watching.takeRecords();
    performance.measure("board-filter", { start: begun, end: performance.now() });
    if (byReader) untilPainted(begun);
  }

  function look(matches, byReader) {
    kept.clear();
    return [...root.querySelectorAll(".column")].map((column, place) => {
      const found = { column, rows: [], cards: 0, shown: 0, sales: 0, blocked: 0 };
      for (const item of column.querySelector(".column-body").children) {
        const card = item.firstElementChild;
        if (!card?.matches(".card")) continue;
        const isOut = item.classList.contains("is-out");
        const fits = matches(card);
        const hit = fits || (!byReader && !isOut && isHeld(card, item));
        if (hit === isOut) item.classList.toggle("is-out", !hit);
        found.rows.push({ item, card, place, hit });
        if (!card.dataset.key) continue; // the ghost of a card in the air
        if (hit && !fits) kept.add(card);
        know(card);
        found.cards += 1;
        found.shown += hit;
        found.sales += card.dataset.origin === "sales";
        found.blocked += "blocked" in card.dataset;
      }
      return found;
    });
  }

  // the page has a place for it as soon as there is a sprint
  function stand() {
    const place = root.querySelector("#board-bar");
    if (place && bar.parentElement !== place) place.append(bar);
  }

  function untilPainted(begun) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      performance.measure("board-filter-frame", { start: begun, end: performance.now() });
      port1.close();
    };
    requestAnimationFrame(() => port2.postMessage(""));
  }

  function know(card) {
    const { campaign, assignee } = card.dataset;
    if (campaign && !names.campaign.has(campaign))
      names.campaign.set(campaign, card.querySelector(".card-top .tinted")?.textContent.trim() ?? "");
    if (assignee && !names.assignee.has(assignee))
      names.assignee.set(assignee, card.querySelector(".card-meta .avatar")?.getAttribute("aria-label") ?? "");
  }

  // limits and sums are those of all cards: the filter adds how many of them it shows
  function say({ column, cards, shown }, mayBeEmpty) {
    column.classList.toggle("is-empty", mayBeEmpty && cards > 0 && !shown);
    const words = column.querySelector("[data-shown]");
    words.hidden = shown === cards;
    set(words, words.dataset.shown.replace("{number}", shown));
    set(root.querySelector(`.lane-tabs [href="#${column.id}"] [data-tab-shown]`), shown === cards ? "" : `${shown} / `);
  }

  function sum({ cards, shown, sales, blocked }) {
    const number = used();
    root.toggleAttribute("data-filtered", number > 0);
    const said = bar.querySelector("[data-filter-said]");
    const words = number ? said.dataset.filterSaid.replace("{shown}", shown).replace("{all}", cards) : "";
    const leaving = [...kept].map(({ dataset }) => said.dataset.filterKept.replace("{key}", dataset.key));
    set(said, [words, ...leaving].join(" · "));
    set(bar.querySelector("[data-filter-number]"), number ? String(number) : "");
    bar.querySelector("[data-filter-clear]").hidden = !number;
    for (const [name, count] of Object.entries({ sales, blocked }))
      set(controls.get(name).querySelector("[data-filter-count]"), String(count));
    for (const name of TOGGLES) controls.get(name)?.setAttribute("aria-pressed", wanted[name]);
    for (const name in PICKS) offer(controls.get(name), names[PICKS[name]], wanted[name]);
    if (input.value.trim() !== wanted.text) input.value = wanted.text;
  }

  // the names that the cards brought, and what the address asks for even when no card has it
  function offer(select, known, value) {
    if (known && select !== document.activeElement) {
      const last = select.lastElementChild;
      const sorted = [...known].sort(([, one], [, other]) => one.localeCompare(other));
      const shown = [...select.options].slice(1, -1).map((option) => `${option.value} ${option.text}`);
      if (sorted.map((pair) => pair.join(" ")).join("\n") !== shown.join("\n"))
        select.replaceChildren(select.firstElementChild, ...sorted.map(([id, name]) => new Option(name, id)), last);
    }
    select.value = value;
    if (select.value !== value) {
      select.lastElementChild.before(new Option(made.dataset.absent, value));
      select.value = value;
    }
    select.toggleAttribute("data-chosen", Boolean(value));
  }

  // Swimlanes ---------------------------------------------------------------------------------

  const channels = () => new Map([...controls.get("channel").options].slice(1, -1).map((one) => [one.value, one.text]));

  async function laned() {
    if (root.dataset.lanes && !lanes) lanes = (await import("sprintboard/board-lanes")).lanes(root, me);
    if (signal.aborted) return lanes?.leave();
    if (!root.dataset.lanes) lanes?.leave();
    apply();
    root.classList.remove("is-settling");
  }

  function choose() {
    const { lanes: kind, density } = form.elements;
    root.dataset.lanes = kind.value;
    const compact = density.getAttribute("aria-pressed") === "true";
    document.body.classList.toggle("is-compact", compact);
    laned();
    const values = { lanes: kind.value, density: compact ? density.value : "" };
    htmx.ajax("POST", form.getAttribute("action"), { source: form, target: form, swap: "none", values });
  }

  // What the reader does ----------------------------------------------------------------------

  function change(values, writeLater = 0) {
    wanted = { ...wanted, ...values };
    apply({ byReader: true });
    clearTimeout(writing);
    writing = setTimeout(write, writeLater); // the browser lays the page out for it: first the reader sees it
  }

  bar.addEventListener(
    "click",
    ({ target }) => {
      const toggle = target.closest("button[data-filter]")?.dataset.filter;
      if (toggle) change({ [toggle]: !wanted[toggle] });
      else if (target.closest("[data-filter-clear]")) {
        change(asked(new URLSearchParams()));
        (input.checkVisibility() ? input : bar.querySelector("button")).focus();
      }
    },
    { signal },
  );
  bar.addEventListener(
    "change",
    ({ target }) => {
      if (target.dataset.filter) change({ [target.dataset.filter]: target.value });
      else if (target.name === "lanes") choose();
    },
    { signal },
  );
  input.addEventListener("input", () => change({ text: input.value.trim() }, PAUSE), { signal });
  input.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !input.value) return;
      event.preventDefault();
      input.value = "";
      change({ text: "" });
    },
    { signal },
  );
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      const { density } = form.elements;
      density.setAttribute("aria-pressed", density.getAttribute("aria-pressed") !== "true");
      choose();
    },
    { signal },
  );

  // What happens to the cards -----------------------------------------------------------------

  const watching = new MutationObserver(() => apply());
  root.addEventListener("board:counted", () => apply(), { signal }); // a card moved or came
  const swapped = () => {
    names.campaign.clear();
    names.assignee.clear();
    apply();
  };
  document.addEventListener("htmx:after:swap", swapped, { signal });
  const left = () => kept.size && setTimeout(() => kept.size && apply());
  for (const kind of ["focusin", "focusout"]) document.addEventListener(kind, left, { signal });
  window.addEventListener("popstate", write, { signal });

  watching.observe(root, { childList: true, subtree: true });
  apply();
  laned();
  return () => {
    listening.abort();
    watching.disconnect();
    lanes?.leave();
    clearTimeout(writing);
  };
}
