// The command palette: what the page's card can do, commands, places, and what the server finds for the words. It is
// fetched when it is first opened. A combobox: the focus stays in the field, the arrows choose, Enter does it.
import { nameKeys } from "sprintboard/keys";
import { toast } from "sprintboard/toast";

const SOON = 120; // a pause in typing
const HEADERS = { "HX-Request": "true", Accept: "text/html" };
const DENSITY = 'main button[name="density"]'; // the board has it
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

let dialog = null;
let field;
let list;
let address;
let timer;
let answered = ""; // what the found things answer to
let asking = new AbortController();
const runs = new WeakMap();

const part = (name) => dialog.querySelector(`[data-${name}]`);
const shown = () => [...list.querySelectorAll('[role="option"]')].filter((one) => !one.closest("[hidden]"));
const chosen = () => list.querySelector('[aria-selected="true"]');

export async function open(opener) {
  if (dialog?.open) return dialog.close();
  const from = document.activeElement;
  address = opener.href;
  try {
    dialog ??= await make();
  } catch {
    return void toast(document.getElementById("toasts").dataset.unreached);
  }
  if (dialog.open || document.querySelector("dialog:modal")) return;
  offerHere(from);
  field.value = "";
  part("found").replaceChildren();
  dialog.showModal();
  field.focus();
  filter();
}

async function make() {
  const made = document.createElement("dialog");
  made.className = "palette";
  made.append(...(await fetched(address)));
  nameKeys(made);
  document.body.append(made);
  field = made.querySelector("input");
  list = made.querySelector("[role=listbox]");
  made.setAttribute("aria-label", field.getAttribute("aria-label"));
  field.addEventListener("input", () => {
    filter();
    clearTimeout(timer);
    timer = setTimeout(ask, SOON);
  });
  field.addEventListener("keydown", keydown);
  list.addEventListener("pointermove", ({ target }) => choose(target.closest('[role="option"]'), { scroll: false }));
  list.addEventListener("click", clicked);
  made.addEventListener("click", ({ target }) => target === made && made.close());
  made.addEventListener("close", () => {
    clearTimeout(timer);
    asking.abort();
  });
  return made;
}

async function fetched(url, signal) {
  const answer = await fetch(url, { headers: HEADERS, signal });
  if (answer.redirected || answer.status === 404) location.reload(); // signed out, or no member any more
  if (!answer.ok && answer.status !== 400) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes;
}

const made = (tag, className, textContent) => Object.assign(document.createElement(tag), { className, textContent });

// What the page can do with the card that has the focus: its behaviours answer the event.
function offerHere(from) {
  const group = dialog.querySelector('[data-group="here"]');
  group.replaceChildren();
  const name = (text) => {
    const label = made("p", "menu-label", text);
    label.ariaHidden = "true";
    group.prepend(label);
    group.ariaLabel = text;
  };
  // what stands in a menu or on a button of the page; `say` puts it into a sentence: "Move to {where}"
  const offer = (item, run, say = "") => {
    const words = [...item.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data);
    const label = words.join(" ").trim();
    const [icon, key] = [item.querySelector("svg"), item.querySelector("kbd")];
    const option = made("button", "menu-item", "");
    Object.assign(option, { type: "button", id: `here-${group.childElementCount}`, tabIndex: -1, role: "option" });
    if (icon) option.append(icon.cloneNode(true));
    option.append(made("span", "", say ? say.replace("{where}", label) : label));
    if (key) {
      const end = made("span", "push", "");
      end.append(key.cloneNode(true));
      option.append(end);
    }
    runs.set(option, run);
    group.append(option);
  };
  document.dispatchEvent(new CustomEvent("palette:open", { detail: { from, offer, name } }));
}

function filter() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  for (const group of list.querySelectorAll("[data-group]")) {
    const options = [...group.querySelectorAll('[role="option"]')];
    for (const option of options) {
      const text = plain(`${option.textContent} ${option.dataset.also ?? ""}`);
      const isHere = option.dataset.do !== "density" || document.querySelector(DENSITY);
      option.hidden = !isHere || !words.every((word) => text.includes(word));
    }
    group.hidden = options.every((option) => option.hidden);
  }
  if (!words.length) {
    answered = "";
    part("found").replaceChildren();
  }
  settle();
}

// The first is chosen unless one is chosen still; and whether there is anything
function settle({ asked = false } = {}) {
  const options = shown();
  const now = chosen();
  choose(options.includes(now) && now !== null && asked ? now : options[0]);
  part("none").hidden = options.length > 0 || !asked;
  if (asked) tell(options.length);
}

function tell(number, text) {
  const { one, many } = part("told").dataset;
  part("told").textContent = text ?? (number === 1 ? one : many.replace("{number}", number));
}

function choose(option, { scroll = true } = {}) {
  if (option === null) return;
  chosen()?.removeAttribute("aria-selected");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  if (!scroll) return;
  if (option === shown()[0]) list.scrollTop = 0;
  else option.scrollIntoView({ block: "nearest" });
}

async function ask() {
  asking.abort();
  const typed = field.value.trim();
  if (!typed) return settle();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const found = await fetched(`${address}?q=${encodeURIComponent(typed)}`, signal);
    if (signal.aborted) return;
    part("found").replaceChildren(...found);
    answered = typed;
    settle({ asked: true });
  } catch {
    if (signal.aborted) return;
    part("found").replaceChildren();
    settle();
    tell(0, part("told").dataset.unreached);
  }
}

function keydown(event) {
  const options = shown();
  const at = options.indexOf(chosen());
  if (event.key === "ArrowDown") choose(options[(at + 1) % options.length]);
  else if (event.key === "ArrowUp") choose(options[(at - 1 + options.length) % options.length]);
  else if (event.key === "Enter" && !event.isComposing) run();
  else return;
  event.preventDefault();
}

// What is found for half a word is not what was meant with the whole
async function run() {
  const isOld = field.value.trim() !== answered;
  if (isOld && (!chosen() || part("found").contains(chosen()))) {
    clearTimeout(timer);
    await ask();
  }
  if (dialog.open) chosen()?.click();
}

function clicked(event) {
  const option = event.target.closest('[role="option"]');
  if (!option || event.metaKey || event.ctrlKey || event.shiftKey) return;
  dialog.close(); // the focus goes back before anything is done; a link is then followed
  const act = runs.get(option) ?? commands[option.dataset.do?.split(":")[0]];
  if (act) act(option.dataset.do?.split(":")[1]);
}

const commands = {
  theme: (choice) => document.querySelector(`[data-theme-choice="${choice}"]`).click(),
  density: () => document.querySelector(DENSITY).click(),
  keys: () => import("sprintboard/key-sheet").then(({ open }) => open(document.querySelector("[data-key-sheet]"))),
};
