// Swimlanes: the cards of all columns in bands, one for each person, campaign, channel or origin. A column stays one
// list in the order of the sprint, so moves, drags and what comes live need to know nothing of lanes: a card's `order`
// says in which lane it is seen, and the first card of each lane in a column keeps the distance that makes the lanes
// begin at one height. The heights come from a ResizeObserver, which speaks before the page is painted.
const REM = parseFloat(getComputedStyle(document.documentElement).fontSize);
const HEAD = 2.25 * REM; // as .lane-head in board-view.css
const ABOVE = 0.25 * REM;
const BELOW = 0.75 * REM;
const GAP = 0.5 * REM; // between cards

export function lanes(root, me) {
  const made = document.querySelector("[data-lane-made]");
  const words = made.dataset;
  const memory = `lanes:${location.pathname}`;
  const folded = new Set(JSON.parse(sessionStorage.getItem(memory) ?? "[]"));
  const heights = new WeakMap();
  const watched = new Set();
  const heads = new Map(); // by the lane's name in memory
  const bands = Object.assign(document.createElement("div"), { className: "lanes", role: "group", ariaLabel: words.lanes });
  let last = null;
  let shape = []; // [{ name, isFolded, rows }] from top to bottom
  let hadFocus = false;

  const sizes = new ResizeObserver((entries) => {
    for (const { target, borderBoxSize } of entries)
      if (borderBoxSize[0].blockSize) heights.set(target, borderBoxSize[0].blockSize);
    position();
  });

  // by name; the reader's own lane first, what belongs nowhere last
  function sort(found, kind, names) {
    const order = kind === "channel" ? [...names.channel.keys()] : null;
    const rank = ({ key }) => (key ? (kind === "assignee" && key === me ? 0 : 1) : 2);
    const between = (one, other) =>
      order ? order.indexOf(one.key) - order.indexOf(other.key) : one.label.localeCompare(other.label);
    return found.sort((one, other) => rank(one) - rank(other) || between(one, other));
  }

  function labelOf(key, kind, names) {
    if (kind === "origin") return key ? words.sales : words.marketing;
    return key ? (names[kind].get(key) ?? "") : words[kind];
  }

  function arrange(rows, kind, names) {
    last = [rows, kind, names];
    const found = new Map();
    for (const row of rows) {
      if (!row.hit || row.item.hidden) continue;
      const key = row.card.dataset[kind] ?? "";
      if (!found.has(key)) found.set(key, { key, label: labelOf(key, kind, names), rows: [], cards: 0, points: 0 });
      const lane = found.get(key);
      lane.rows.push(row);
      if (!row.card.dataset.key) continue;
      lane.cards += 1;
      lane.points += Number(row.card.dataset.points || 0);
    }
    shape = sort([...found.values()], kind, names);
    for (const [place, lane] of shape.entries()) {
      lane.name = `${kind}:${lane.key}`;
      lane.isFolded = folded.has(lane.name);
      for (const { item } of lane.rows) {
        if (item.style.order !== String(place)) item.style.order = place;
        if (item.classList.contains("is-folded") !== lane.isFolded)
          item.classList.toggle("is-folded", lane.isFolded);
      }
    }
    watch(rows);
    show();
    position();
  }

  function watch(rows) {
    const now = new Set(rows.map(({ item }) => item));
    for (const item of watched)
      if (!now.has(item)) {
        watched.delete(item);
        sizes.unobserve(item);
      }
    for (const item of now)
      if (!watched.has(item)) {
        watched.add(item);
        sizes.observe(item);
      }
  }

  function headOf({ name, label, cards, points, isFolded }) {
    if (!heads.has(name)) heads.set(name, made.content.firstElementChild.cloneNode(true));
    const band = heads.get(name);
    band.dataset.lane = name;
    const number = cards === 1 ? words.one : words.many.replace("{number}", cards);
    const text = `${number}, ${words.points.replace("{number}", points)}`;
    const [title, sums] = [band.querySelector("b"), band.querySelector(".num")];
    if (title.textContent !== label) title.textContent = label;
    if (sums.textContent !== text) sums.textContent = text;
    band.firstElementChild.setAttribute("aria-expanded", !isFolded);
    return band;
  }

  // a swap of the whole board takes the bands away
  function show() {
    const columns = root.querySelector(".columns");
    if (!columns) return;
    root.style.setProperty("--columns", columns.querySelectorAll(".column").length);
    const now = shape.map(headOf);
    if (now.length !== bands.childElementCount || now.some((band, place) => bands.children[place] !== band)) {
      const focused = bands.contains(document.activeElement) ? document.activeElement : null;
      bands.replaceChildren(...now);
      focused?.focus({ preventScroll: true });
    }
    if (bands.parentElement === columns) return;
    const focused = hadFocus;
    columns.prepend(bands);
    if (focused) bands.querySelector(`[data-lane="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
  }

  function position() {
    const ends = new Map(); // by column: how far its cards reach
    let top = 0;
    for (const { name, isFolded, rows } of shape) {
      const start = top + HEAD + ABOVE;
      let bottom = start;
      const begun = new Set();
      for (const { item, place } of isFolded ? [] : rows) {
        const isFirst = !begun.has(place);
        begun.add(place);
        const end = ends.get(place) ?? -GAP;
        space(item, isFirst ? start - end - GAP : 0);
        const reach = (isFirst ? start : end + GAP) + (heights.get(item) ?? 0);
        ends.set(place, reach);
        bottom = Math.max(bottom, reach);
      }
      const next = isFolded ? top + HEAD : bottom + BELOW;
      const size = `${next - top}px`;
      const band = heads.get(name);
      if (band.style.blockSize !== size) band.style.blockSize = size;
      top = next;
    }
  }

  function space(item, pixels) {
    const wanted = pixels ? `${pixels.toFixed(2)}px` : "";
    if (item.style.marginBlockStart !== wanted) item.style.marginBlockStart = wanted;
  }

  bands.addEventListener("click", ({ target }) => {
    const name = target.closest(".lane")?.dataset.lane;
    if (!target.closest("button")) return;
    if (!folded.delete(name)) folded.add(name);
    sessionStorage.setItem(memory, JSON.stringify([...folded]));
    arrange(...last);
  });
  const follow = ({ target }) => (hadFocus = bands.contains(target) ? target.closest(".lane").dataset.lane : false);
  document.addEventListener("focusin", follow);

  function leave() {
    sizes.disconnect();
    watched.clear();
    bands.remove();
    document.removeEventListener("focusin", follow);
    for (const item of root.querySelectorAll(".column-body > li")) {
      item.style.removeProperty("order");
      item.style.removeProperty("margin-block-start");
      item.classList.remove("is-folded");
    }
  }

  return { arrange, leave };
}
