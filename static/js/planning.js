// Planning by keyboard: up and down go from row to row, right pulls, left returns. After each verb the focus goes
// to the next row of the same list, so that one key after another plans a sprint. The goal is saved when it was
// changed and left.
const KEYS = { ArrowRight: "plan-backlog", ArrowLeft: "plan-sprint" };
const rows = (pane) => [...pane.querySelectorAll(".item")];
const verbOf = (row) => row?.querySelector("[data-verb]");

export default function planning(page) {
  let next = null; // where the focus goes when the answer is there

  function keydown(event) {
    const row = event.target.closest(".item");
    const pane = row?.closest("section");
    if (!row || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = rows(pane);
      const other = all[all.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
      const same = event.target.matches("[data-verb]") ? verbOf(other) : other?.querySelector("a");
      event.preventDefault();
      (same ?? other?.querySelector("a"))?.focus();
    } else if (KEYS[event.key] === pane.id && verbOf(row)) {
      event.preventDefault();
      verbOf(row).click();
    }
  }

  function before({ detail: { ctx } }) {
    const row = ctx.sourceElement?.closest?.(".item");
    if (!row || !page.contains(row)) return;
    const pane = row.closest("section");
    const all = rows(pane);
    const place = all.indexOf(row);
    next = { row: (all[place + 1] ?? all[place - 1])?.id, pane: pane.id };
  }

  function after() {
    if (!next) return;
    const row = next.row && document.getElementById(next.row);
    (verbOf(row) ?? row?.querySelector("a") ?? document.getElementById(next.pane))?.focus({ preventScroll: false });
    next = null;
  }

  // Enter changes and submits at once: the goal is sent once
  let timer;
  const changed = ({ target }) => {
    if (target.id === "goal") timer = setTimeout(() => target.form.requestSubmit());
  };
  const sent = () => clearTimeout(timer);

  page.addEventListener("keydown", keydown);
  page.addEventListener("change", changed);
  page.addEventListener("submit", sent, true);
  document.addEventListener("htmx:before:request", before);
  document.addEventListener("htmx:finally:request", after);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("htmx:before:request", before);
    document.removeEventListener("htmx:finally:request", after);
  };
}
