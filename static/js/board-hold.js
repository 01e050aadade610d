// While a card is in the air, or its drop is on its way to the server, nothing else may swap the board: the card would
// vanish from under the pointer. What came meanwhile is fetched when the board is free again ("board:free").
let inAir = false;
let drops = 0; // on their way to the server
let missed = false;

export const held = () => inAir || drops > 0;

function free() {
  if (held()) return;
  const detail = { missed };
  missed = false;
  document.dispatchEvent(new CustomEvent("board:free", { detail }));
}

export function lift() {
  inAir = true;
}

export function land() {
  if (!inAir) return;
  inAir = false;
  free();
}

// Whether an answer may come in: not while another card is in the air, or dropped and not yet answered, because it
// would put that one back.
export const alone = () => !inAir && drops === 1;

// From the air to the server, and until its answer is here.
export async function drop(send) {
  drops += 1;
  inAir = false;
  try {
    return await send();
  } finally {
    drops -= 1;
    free();
  }
}

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.target?.id !== "board-live" || !held()) return;
  missed = true;
  event.preventDefault();
});
