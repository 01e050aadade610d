// Done, now and next, kept true: whatever happens, the columns are fetched again, not by everybody at once. On a wall
// screen the display is kept awake. Morphing leaves the focus, and what did not change, alone.
import htmx from "htmx";
import { connect } from "sprintboard/live";

const LIVE = "#now-live";
const FRESH = 2_000;
const POLL = 15_000; // without a stream
const TOGETHER = [200, 1_500];
const SPARING = [2_000, 6_000]; // a server that did not answer is left in peace for a while
const ELSEWHERE = /^(requests_intake|reviews|notifications|conversation)\./;

export default function now(root) {
  const { stream, address, me } = root.dataset;
  const status = root.querySelector("[data-live-status]");
  const clock = root.querySelector("[data-clock]");
  const over = new AbortController();
  const { signal } = over;
  let known = shown();
  let soon = 0;
  let poll = 0;
  let asking = false;
  let lamp = null;

  function shown() {
    return Number(root.querySelector(LIVE).dataset.seq);
  }

  const places = () =>
    new Map([...root.querySelectorAll(".now-col li[id]")].map((item) => [item.id, item.closest(".now-col").id]));

  function show(state) {
    status.dataset.state = state;
    status.textContent = status.dataset[state] ?? status.dataset.lost;
    clearInterval(poll);
    if (state !== "live") poll = setInterval(() => document.hidden || later(), POLL * (0.8 + Math.random() * 0.4));
  }

  function later([least, most] = TOGETHER) {
    if (soon || asking) return;
    soon = setTimeout(renew, least + Math.random() * (most - least));
  }

  async function renew() {
    soon = 0;
    asking = true;
    const told = known;
    let failed = true;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 404) return location.reload(); // signed out, or no member any more
      failed = !answer.ok;
      if (answer.ok) await swap(await answer.text());
    } catch {
      show(navigator.onLine ? "lost" : "offline");
    } finally {
      asking = false;
    }
    if (!failed && known === told) known = shown(); // a server restored from a backup counts from less
    else if (shown() < known) later(SPARING);
  }

  async function swap(text) {
    const before = places();
    const target = root.querySelector(LIVE);
    await htmx.swap({ text, target, swap: "outerMorph", sourceElement: target });
    freshen(before);
  }

  // what is new, or moved on, can be seen for a moment
  function freshen(before) {
    for (const [id, place] of places()) {
      if (before.get(id) === place) continue;
      const item = document.getElementById(id);
      item.classList.add("is-fresh");
      setTimeout(() => item.classList.remove("is-fresh"), FRESH);
    }
  }

  function tick() {
    const { zone: timeZone } = clock.dataset;
    const { lang } = document.documentElement;
    const language = lang === "en" ? "en-GB" : lang; // the days are written like everywhere else: 3 December
    const said = (form) => new Intl.DateTimeFormat(language, { timeZone, ...form }).format(new Date());
    const day = said({ weekday: "short", day: "numeric", month: "short" });
    if (Date.now() > Number(root.querySelector(LIVE).dataset.dayEnds) * 1_000) later(SPARING); // another day, other words
    clock.textContent = `${day}, ${said({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`;
  }

  async function stayAwake() {
    if (!("awake" in root.dataset) || document.hidden) return;
    lamp = await navigator.wakeLock?.request("screen").catch(() => null); // without it the screen has its own setting
  }

  document.addEventListener(
    "visibilitychange",
    () => {
      stayAwake();
      if (!document.hidden) later();
    },
    { signal },
  );

  const hangUp = connect(stream, {
    me,
    heard({ seq, subject }) {
      if (seq <= known) return;
      known = seq;
      if (!subject || !ELSEWHERE.test(subject[0])) later();
    },
    state(next) {
      const back = next === "live" && status.dataset.state !== "live";
      if (next !== status.dataset.state) show(next);
      if (back) later();
    },
  });
  tick();
  stayAwake();
  const ticking = setInterval(tick, 5_000);

  return () => {
    over.abort();
    hangUp();
    clearTimeout(soon);
    clearInterval(poll);
    clearInterval(ticking);
    lamp?.release();
  };
}
