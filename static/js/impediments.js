// The list of impediments, kept true: when something is blocked, freed or handed over, the list is fetched again, not
// by everybody at once. While somebody fills in a form of it, it waits.
import htmx from "htmx";
import { connect } from "sprintboard/live";

const TOGETHER = [200, 1_000];
const PATIENT = [2_000, 3_000]; // a form is open, or the server did not answer
const POLL = 15_000; // without a stream
const TASK = "backlog.task";

export default function impediments(root) {
  const { stream, me } = root.dataset;
  const { pathname } = location;
  let soon = 0;
  let lost = false;
  let poll = 0;

  function later([least, most] = TOGETHER) {
    if (!soon) soon = setTimeout(renew, least + Math.random() * (most - least));
  }

  async function renew() {
    soon = 0;
    if (document.hidden || root.querySelector("details[open], .impediment-form form")) return later(PATIENT);
    await htmx.ajax("GET", pathname, { source: root, target: "#impediments", swap: "outerMorph" });
  }

  const hangUp = connect(stream, {
    me,
    heard({ subject }) {
      if (subject?.[0] === TASK) later();
    },
    state(next) {
      clearInterval(poll);
      if (next === "live" && lost) later();
      lost = next !== "live";
      if (lost) poll = setInterval(() => document.hidden || later(), POLL * (0.8 + Math.random() * 0.4));
    },
  });

  return () => {
    hangUp();
    clearTimeout(soon);
    clearInterval(poll);
  };
}
