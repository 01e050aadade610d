// Which cards a column shows, in the order in which one sees them: lane by lane, without what a filter hides. The order
// of the elements is always that of the sprint, so a neighbour's key says the same to the server in every view.
const HIDDEN = "is-out is-folded".split(" ");

export const itemOf = (card) => card.parentElement;
export const laneOf = (card) => Number(itemOf(card).style.order || 0);
export const isShown = (card) => !HIDDEN.some((name) => itemOf(card).classList.contains(name));

export function shownCards(column) {
  const cards = [...column.querySelectorAll(".column-body > li > .card")].filter(isShown);
  return cards.sort((one, other) => laneOf(one) - laneOf(other)); // stable
}
