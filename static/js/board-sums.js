// The numbers over the board's cards, counted again after a card moved by itself: the same as the server's.
const set = (element, text) => {
  if (element && element.textContent !== String(text)) element.textContent = text;
};

export function count(root) {
  const sums = { todo: 0, doing: 0, review: 0, done: 0 };
  for (const column of root.querySelectorAll(".column")) {
    const cards = [...column.querySelectorAll(".card")];
    const points = cards.reduce((sum, card) => sum + Number(card.dataset.points || 0), 0);
    sums[column.dataset.category] += points;
    set(column.querySelector("[data-points-sum]"), points);
    set(column.querySelector("[data-count]"), cards.length);
    const { one, many } = column.dataset;
    column.setAttribute("aria-label", cards.length === 1 ? one : many.replace("{number}", cards.length));
    set(root.querySelector(`.lane-tabs [href="#${column.id}"] .num`), cards.length);
    limit(column.querySelector(".wip"), cards.length);
  }
  gauge(root.querySelector("[data-gauge]"), sums);
  root.dispatchEvent(new CustomEvent("board:counted"));
}

function limit(wip, number) {
  if (!wip) return;
  const most = Number(wip.dataset.limit);
  const state = number > most ? "over" : number === most ? "at" : "";
  if (state) wip.dataset.state = state;
  else delete wip.dataset.state;
  set(wip.querySelector(".sr-only"), wip.dataset[state || "below"]);
}

function gauge(element, { done, review, doing }) {
  if (!element) return;
  set(element.querySelector('[data-sum="done"]'), done);
  set(element.querySelector('[data-sum="review"]'), review);
  const total = Math.max(Number(element.dataset.committed), done + review + doing);
  const meter = element.querySelector(".meter");
  meter.setAttribute(
    "aria-label",
    element.dataset.label.replace("{done}", done).replace("{review}", review).replace("{doing}", doing),
  );
  meter.replaceChildren(...segments({ done, review, doing }, total));
}

// as the meter tag draws them: the later segment lies under the earlier one, with a gap between
function segments(parts, total) {
  const drawn = [];
  let left = 0;
  for (const [look, amount] of Object.entries(parts)) {
    const share = total ? Math.round((amount / total) * 1000) / 10 : 0;
    const width = Math.min(share, Math.round((100 - left) * 10) / 10);
    if (width <= 0) continue;
    if (drawn.length) drawn.push(rect({ class: "gap", x: `${left}%`, width: 2, height: "100%" }));
    drawn.unshift(rect({ class: look, x: `${left}%`, width: `${width}%`, height: "100%", rx: 2 }));
    left = Math.round((left + width) * 10) / 10;
  }
  return drawn;
}

function rect(attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
