// A textarea in which @ opens the list of whom one can mention: <textarea data-behaviour="mentions"> inside an element
// with data-people="/w/…/people/". Arrows choose, Enter or Tab takes, Escape closes; a tap takes too. The words
// behind the @ are plain text: the server says who is meant when they are saved. While no list is open, Ctrl or ⌘ with
// Enter sends, and Escape leaves a comment that was opened to change it; what was changed is not lost by a key.
const TYPED = /(?:^|[\s([{"'“”‘’*_~|,;:!?…–—>])@([^\s@][^@\n]{0,40})?$/u;
const WAIT = 120;
const MOST = 8;
let number = 0;

export default function mentions(field) {
  const address = field.closest("[data-people]")?.dataset.people;
  if (!address) return undefined;
  const over = new AbortController();
  const { signal } = over;
  const list = document.createElement("div");
  list.className = "menu mentions";
  list.id = `mentions-${++number}`;
  list.popover = "manual";
  list.setAttribute("role", "listbox");
  const said = document.createElement("p");
  said.className = "sr-only";
  said.setAttribute("role", "status");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("autocomplete", "off");
  const known = new Map(); // what was typed: the answer to it
  let all = null; // everybody, when they are few
  let typed = null; // what stands behind the @, or null
  let timer = 0;

  const options = () => [...list.children];
  const chosen = () => list.querySelector('[aria-selected="true"]');
  const isOpen = () => list.matches(":popover-open");

  function behindTheAt() {
    if (field.selectionStart !== field.selectionEnd) return null;
    const found = TYPED.exec(field.value.slice(0, field.selectionStart));
    return found ? (found[1] ?? "") : null;
  }

  async function people(text) {
    const key = all ? "" : text.toLowerCase();
    if (!known.has(key)) {
      const answer = await fetch(`${address}?${new URLSearchParams({ q: key })}`, {
        headers: { "HX-Request": "true" },
        signal,
      });
      if (!answer.ok) return [];
      const box = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
      known.set(key, [...box.children]);
      if ("all" in box.dataset) all = known.get(key);
    }
    return known.get(key);
  }

  const suits = (option, text) => {
    const name = option.dataset.written.toLowerCase();
    return name.startsWith(text) || name.includes(` ${text}`);
  };

  async function look() {
    typed = behindTheAt();
    if (typed === null) return close();
    const text = typed;
    const found = await people(text).catch(() => []);
    if (typed !== text || document.activeElement !== field) return undefined;
    show(found.filter((option) => suits(option, text.toLowerCase())).slice(0, MOST));
    return undefined;
  }

  function show(found) {
    const whole = typed.toLowerCase();
    if (!found.length || found.some(({ dataset }) => dataset.written.toLowerCase() === whole)) return close();
    list.replaceChildren(...found.map((option) => document.importNode(option, true)));
    options().forEach((option, place) => (option.id = `${list.id}-${place}`));
    if (!list.isConnected) {
      field.form.append(list, said); // above everything while it is open, and in the page's own part for who listens
      field.setAttribute("aria-controls", list.id); // which must exist
      list.setAttribute("aria-label", field.getAttribute("aria-label") ?? "");
    }
    list.showPopover();
    place();
    return choose(options()[0]);
  }

  function place() {
    const at = field.getBoundingClientRect();
    const height = list.offsetHeight;
    const below = at.bottom + height + 8 < innerHeight;
    list.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
    said.textContent = option.textContent.trim().replace(/\s+/g, " ");
  }

  function step(by) {
    const now = options();
    choose(now[(now.indexOf(chosen()) + by + now.length) % now.length]);
  }

  function take(option) {
    const end = field.selectionStart;
    field.setRangeText(`${option.dataset.written} `, end - typed.length, end, "end");
    close();
    field.dispatchEvent(new Event("input", { bubbles: true })); // a draft is kept
    field.focus();
  }

  function close() {
    typed = null;
    if (isOpen()) list.hidePopover();
    field.removeAttribute("aria-activedescendant");
    said.textContent = "";
  }

  field.addEventListener(
    "input",
    (event) => {
      clearTimeout(timer);
      if (!event.isComposing) timer = setTimeout(look, all ? 0 : WAIT);
    },
    { signal },
  );
  function finish(event) {
    const leave = field.form.querySelector("[data-cancel]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
    else if (event.key !== "Escape" || !leave) return;
    else if (field.value === field.defaultValue) leave.click();
    event.preventDefault();
    event.stopPropagation();
  }

  field.addEventListener(
    "keydown",
    (event) => {
      if (!event.isComposing && (!isOpen() || event.ctrlKey || event.metaKey)) finish(event);
      if (event.defaultPrevented) return;
      if (!isOpen() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = {
        ArrowDown: () => step(1),
        ArrowUp: () => step(-1),
        Enter: () => take(chosen()),
        Tab: () => take(chosen()),
        Escape: close,
      }[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation(); // Escape would close the drawer, too
      act();
    },
    { signal },
  );
  field.addEventListener("blur", close, { signal });
  field.addEventListener("click", () => isOpen() && look(), { signal });
  list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal }); // the focus stays
  list.addEventListener(
    "click",
    ({ target }) => {
      const option = target.closest('[role="option"]');
      if (option) take(option);
    },
    { signal },
  );

  return () => {
    clearTimeout(timer);
    over.abort();
    list.remove();
    said.remove();
  };
}
