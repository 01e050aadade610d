// The ranked list by keyboard and menu: arrows go from row to row, Alt and an arrow moves a task, Alt and Home or End
// to an end, M opens its menu, E edits. The bar for ticked tasks shows while something is ticked. A move is one POST
// that answers with the list, morphed. Without scripts the row's menu is a link to a plain form.
import htmx from "htmx";
import { single } from "sprintboard/keys";

const LIST = "#backlog-list";
const STEPS = { ArrowUp: "up", ArrowDown: "down", Home: "top", End: "bottom" };
const typing = (target) => target.closest("textarea, select, input:not([type=checkbox]), dialog[open], .menu");

export default function backlog(root) {
  const menu = document.getElementById("row-menu");
  const bar = document.getElementById("bulk");
  const listening = new AbortController();
  const { signal } = listening;

  const rows = () => [...root.querySelectorAll(".backlog .item")];
  const linkOf = (row) => row.querySelector(".name a");
  const addressOf = (row) => linkOf(row).getAttribute("href");
  const here = () => location.pathname + location.search;
  const focusRow = (row) => {
    linkOf(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  // one after the other, each with the version that the answer before it brought
  let queue = Promise.resolve();
  function inTurn(send) {
    queue = queue.then(send, send);
    return queue;
  }
  const post = (address, values) =>
    htmx.ajax("POST", address, { source: LIST, target: LIST, swap: "outerMorph", values });

  function rank({ id }, to) {
    if (!root.hasAttribute("data-can-rank")) return;
    inTurn(async () => {
      const row = document.getElementById(id);
      if (row) await post(`${addressOf(row)}rank/`, { version: row.dataset.version, to, next: here() });
      const moved = document.getElementById(id);
      if (moved) focusRow(moved);
    });
  }

  function lead(row) {
    for (const item of menu.querySelectorAll("[data-link]"))
      item.href = `${addressOf(row)}${item.dataset.link}?next=${encodeURIComponent(here())}`;
  }

  let chosen = null;
  function openMenu(row) {
    chosen = row;
    const button = row.querySelector(".row-menu");
    lead(row);
    menu.showPopover({ source: button });
    const at = button.getBoundingClientRect();
    menu.style.positionArea = "none";
    menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
    menu.querySelector(".menu-item").focus();
  }

  function showBar() {
    if (!bar) return;
    const picked = root.querySelectorAll('input[name="task"]:checked').length;
    bar.classList.toggle("has-picked", picked > 0);
    bar.querySelector("[data-bulk-count]").textContent = bar.dataset.selected.replace("{n}", picked);
  }

  // an Undo stays on this page too
  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      const key = form.closest(".toast") && form.action.match(/\/tasks\/([^/]+)\/rank\//)?.[1];
      if (!key) return;
      event.preventDefault();
      const { pathname, search } = new URL(form.action);
      form.closest(".toast").remove();
      await inTurn(() => post(pathname + search, { next: here() }));
      root.querySelector(`.item[data-key="${CSS.escape(key)}"] .name a`)?.focus();
    },
    { signal },
  );

  root.addEventListener("change", showBar, { signal });
  bar?.querySelector("[data-bulk-clear]").addEventListener(
    "click",
    () => {
      root.querySelectorAll('input[name="task"]:checked').forEach((box) => (box.checked = false));
      showBar();
    },
    { signal },
  );

  root.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest(".row-menu");
      if (!button || !menu || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      openMenu(button.closest(".item"));
    },
    { signal },
  );

  menu?.addEventListener(
    "click",
    (event) => {
      const to = event.target.closest("[data-to]")?.dataset.to;
      const row = chosen && document.getElementById(chosen.id);
      if (!to || !row) return;
      menu.hidePopover();
      rank(row, to);
    },
    { signal },
  );

  menu?.addEventListener(
    "toggle",
    ({ newState }) => {
      if (newState === "closed" && chosen && document.activeElement === document.body) focusRow(chosen);
    },
    { signal },
  );

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || typing(event.target) || event.ctrlKey || event.metaKey) return;
      const row = root.contains(event.target) ? event.target.closest(".item") : null;
      if (event.altKey) {
        if (!row || !STEPS[event.key]) return;
        event.preventDefault();
        rank(row, STEPS[event.key]);
      } else if (row && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        const all = rows();
        const next = all[all.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1)];
        if (!next) return;
        event.preventDefault();
        focusRow(next);
      } else if (row && menu && single(event) === "m") {
        event.preventDefault();
        openMenu(row);
      } else if (row && menu && single(event) === "e") {
        event.preventDefault();
        location.assign(`${addressOf(row)}edit/?next=${encodeURIComponent(here())}`);
      }
    },
    { signal },
  );

  // the palette offers what the menu of this row holds
  document.addEventListener(
    "palette:open",
    ({ detail: { from, name, offer } }) => {
      const row = root.contains(from) ? from.closest(".item") : null;
      if (!row || !menu) return;
      lead(row);
      for (const item of menu.querySelectorAll(".menu-item")) {
        const { to } = item.dataset;
        const { href } = item;
        offer(item, () => (to ? rank(row, to) : location.assign(href)));
      }
      name(row.dataset.key);
    },
    { signal },
  );

  showBar();
  return () => listening.abort();
}
