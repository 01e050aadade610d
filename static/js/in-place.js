// A task that stays true while it is open, and whose properties are edited where they stand. What others do comes
// into the page part by part ([data-part] with an id); a part in which somebody is typing waits. Without scripts each
// property is a link to a page with its one form.
import htmx from "htmx";
import { toast } from "sprintboard/toast";

const PARTS = "[data-part][id], #comments, #file-list";
const TOGETHER = [60, 240]; // changes that come together are fetched together
const FRESH = 2_000;
const kept = new Map(); // what was typed and not saved, by the form's address

const changed = (field) => field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
const isDirty = (form) => [...form.elements].some(changed);
const shownIn = (prop) => prop.querySelector(":scope > .prop-shown");
const pathOf = (form) => new URL(form.action).pathname;

export default function inPlace(root) {
  const { task, key, address, stream, me } = root.dataset;
  const listening = new AbortController();
  const { signal } = listening;
  const on = (target, name, act) => target.addEventListener(name, act, { signal });
  let soon = 0;
  let running = null;
  let again = false;
  let waiting = false; // a part was left alone because somebody types in it

  // Editors --------------------------------------------------------------------------------

  const editors = () => [...root.querySelectorAll(".prop-editor")];

  function keep(form) {
    if (isDirty(form)) kept.set(pathOf(form), [...form.elements].filter(changed).map(({ name, value }) => [name, value]));
    return kept.has(pathOf(form));
  }

  function leave(form) {
    const path = pathOf(form);
    if (form.matches(".prop-editor") && keep(form)) toast(root.dataset.kept);
    form.closest("[data-editing]")?.removeAttribute("data-editing");
    form.remove();
    const back = () => root.querySelector(`a[href="${CSS.escape(path)}"]`)?.focus();
    if (root.querySelector(`a[href="${CSS.escape(path)}"]`)) back();
    else Promise.resolve(running).then(() => refresh()).then(back);
  }

  function ready() {
    for (const form of editors()) {
      if (form.dataset.ready) continue;
      form.dataset.ready = "yes";
      for (const [name, value] of kept.get(pathOf(form)) ?? []) {
        const field = form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden], button)`);
        if (field && !form.querySelector("[aria-invalid=true], [role=alert]")) field.value = value;
      }
      kept.delete(pathOf(form));
      const field = form.querySelector("input:not([type=hidden])");
      if (field === document.activeElement) field.select();
      const labels = form.querySelector("input[list]");
      if (labels) suggest(labels);
      form.scrollIntoView({ block: "nearest" });
    }
  }

  // a browser suggests whole values: give it what stands there already, and one more label
  function suggest(field) {
    const options = [...field.list.options];
    const words = options.map((option) => option.value);
    const offer = () => {
      const before = field.value.split(",").slice(0, -1).map((word) => word.trim());
      options.forEach((option, place) => {
        option.value = before.includes(words[place]) ? "" : [...before, words[place]].join(", ");
      });
    };
    on(field, "input", offer);
    offer();
  }

  on(root, "click", (event) => {
    const cancel = event.target.closest("[data-leave]");
    if (cancel) {
      event.preventDefault();
      leave(cancel.closest("form"));
    } else if (event.target.closest("[data-opens]") && !event.target.closest("a") && getSelection().isCollapsed)
      event.target.closest(".prop").querySelector(".prop-value").click();
  });

  on(root, "keydown", (event) => {
    const form = event.target.closest?.("form:has([data-leave])");
    if (!form) return;
    if (event.key === "Escape") {
      event.preventDefault();
      leave(form);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
      event.preventDefault();
      form.requestSubmit();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && event.target.closest(".picks")) {
      event.preventDefault();
      const all = [...form.querySelectorAll(".picks button")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
    }
  });

  // one that nobody typed in closes when the person goes elsewhere
  on(document, "pointerdown", ({ target }) => {
    for (const form of editors())
      if (!form.closest(".prop").contains(target) && !isDirty(form) && !form.querySelector("[role=alert]")) {
        form.closest("[data-editing]").removeAttribute("data-editing");
        form.remove();
      }
  });

  // moved from here: the board has drawn the drawer again
  let moved = false;
  on(root, "submit", ({ target }) => (moved = target.matches("[data-board-form]")));
  on(document, "htmx:after:swap", () => {
    if (!moved || document.activeElement !== document.body || root.querySelector("[data-board-form]")) return;
    moved = false;
    root.querySelector("#prop-status .prop-value")?.focus();
  });

  // what had the focus was swapped away: it goes to the form that came, or to what the part offers now
  function stay(target) {
    if (!target?.id || document.activeElement !== document.body) return;
    const part = document.getElementById(target.id);
    if (!part?.matches("[data-part]")) return;
    const field = part.querySelector("[aria-invalid=true], form:has([data-leave]) :is(input:not([type=hidden]), select)");
    (field ?? part.querySelector("summary, a.btn") ?? part.querySelector("a, button"))?.focus();
  }

  on(root, "htmx:after:swap", ({ detail: { ctx } }) => {
    ready();
    stay(ctx.target);
    if (ctx.request && ctx.request.method !== "GET" && ctx.response?.raw?.ok) refresh();
  });

  // Live -----------------------------------------------------------------------------------

  function later() {
    soon ||= setTimeout(refresh, TOGETHER[0] + Math.random() * (TOGETHER[1] - TOGETHER[0]), true);
  }

  // `news`: by somebody else, to be shown as such
  function refresh(news = false) {
    clearTimeout(soon);
    soon = 0;
    if (running) again = true;
    running ??= fetchParts(news).finally(() => {
      running = null;
      if (again) later();
      again = false;
    });
    return running;
  }

  async function fetchParts(news) {
    waiting = false;
    try {
      const headers = root.closest("#drawer") ? { "HX-Request": "true" } : {};
      const answer = await fetch(address, { headers });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-behaviour~=in-place]");
      if (!fresh || !root.isConnected) return;
      const before = texts();
      for (const part of root.querySelectorAll(PARTS))
        if (!part.parentElement.closest("[data-part]")) await renew(part, fresh);
      if (news) for (const [prop, text] of texts()) if (before.get(prop) !== text) freshen(prop);
      root.dataset.seq = fresh.dataset.seq;
    } catch {
      // the stream, or the next change, brings it
    }
  }

  const isBusy = (part) =>
    part.querySelector(".prop-editor, form:has([data-leave]), form.composer, :popover-open, details[open]") ||
    [...part.querySelectorAll("input, textarea, select")].some(
      (field) => changed(field) || field === document.activeElement,
    );

  async function renew(part, fresh) {
    const next = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (!next || ("same" in part.dataset && part.dataset.same === next.dataset.same)) return;
    const { again: past } = part.dataset;
    if (past) {
      const list = part.querySelector("ol");
      return list ? htmx.ajax("GET", past, { target: list, source: list, swap: "outerMorph" }) : undefined;
    }
    if (!isBusy(part)) return swap(part, next);
    if (part.matches("[data-editing]")) return swap(shownIn(part), shownIn(next));
    const inner = [...part.querySelectorAll("[data-part][id]")];
    if (!inner.length) waiting = true;
    for (const one of inner) await renew(one, fresh);
  }

  async function swap(part, next) {
    const { id } = part.contains(document.activeElement) ? document.activeElement : {};
    await htmx.swap({ target: part, text: next.outerHTML, swap: "outerMorph", sourceElement: part });
    const held = id && document.activeElement === document.body && document.getElementById(id);
    if (!held) return;
    if (held.tabIndex < 0) held.tabIndex = -1; // a comment that was just saved holds the focus without being a field
    held.focus({ preventScroll: true });
  }

  const texts = () => new Map([...root.querySelectorAll(".prop")].map((prop) => [prop, shownIn(prop).textContent]));

  function freshen(prop) {
    prop.classList.add("is-fresh");
    setTimeout(() => prop.classList.remove("is-fresh"), FRESH);
  }

  const concerns = ({ seq, verb, subject, data }) =>
    seq > Number(root.dataset.seq) &&
    verb &&
    ((subject[0] === "backlog.task" && String(subject[1]) === task) ||
      data?.key === key ||
      data?.ids?.map(String).includes(task));

  // live-board.js tells what it hears; without a detail something changed and nobody knows what
  on(document, "live:heard", ({ detail }) => (!detail || concerns(detail)) && later());
  on(document, "focusout", () => waiting && setTimeout(later, 300));
  on(document, "visibilitychange", () => document.hidden || (stream && later()));

  let hangUp = null;
  if (stream)
    import("sprintboard/live").then(({ connect }) => {
      if (signal.aborted) return;
      const heard = (event) => concerns(event) && later();
      let status = "live";
      const state = (now) => {
        if (now === "live" && status !== "live") later();
        status = now;
      };
      hangUp = connect(stream, { me, heard, state });
    });

  ready();
  return () => {
    editors().forEach(keep);
    listening.abort();
    clearTimeout(soon);
    hangUp?.();
  };
}
