// Triage by keyboard: J and K go to the next and previous request, P, A, D, Q and M open an answer for checking, and
// Ctrl or Command with Enter sends it, Escape leaves the field. A suggestion fills the open answer. Without
// scripts the same are links.
import { single } from "sprintboard/keys";

export default function triage(page) {
  const forms = [...page.querySelectorAll("[data-answer-form]")];
  const openers = [...page.querySelectorAll("a[data-answer]")];

  const open = (kind) => {
    const form = forms.find((one) => one.dataset.answerForm === kind);
    if (!form) return;
    forms.forEach((one) => (one.hidden = one !== form));
    openers.forEach((one) =>
      one.dataset.answer === kind ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current"),
    );
    const words = form.elements.words;
    words.focus();
    words.setSelectionRange(words.value.length, words.value.length);
    form.scrollIntoView({ block: "nearest" });
  };

  const mergeInto = (key) => {
    const form = forms.find((one) => one.dataset.answerForm === "merge");
    if (!form) return;
    form.elements.target.value = key;
    open("merge");
  };

  const say = (link) => {
    const form = link.closest("form");
    form.elements.words.value = link.dataset.say;
    const choices = form.elements.sprint ?? form.elements.reason;
    if (link.dataset.choice && choices) choices.value = link.dataset.choice;
    form.elements.words.focus();
  };

  const click = (event) => {
    const opener = event.target.closest("a[data-answer]");
    const suggestion = event.target.closest("a[data-say]");
    const other = event.target.closest("a[data-merge]");
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(opener || suggestion || other)) return;
    event.preventDefault();
    if (opener) open(opener.dataset.answer);
    else if (suggestion) say(suggestion);
    else mergeInto(other.dataset.merge);
  };

  const key = (event) => {
    const form = event.target.closest?.("[data-answer-form]");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (form && event.key === "Escape") event.target.blur(); // back to the single keys
    const pressed = single(event);
    const answer = { p: "plan", a: "accept", d: "decline", q: "ask", m: "merge" }[pressed];
    const way = { j: "next", k: "previous" }[pressed];
    if (answer && forms.length) {
      event.preventDefault();
      open(answer);
    } else if (way) {
      page.querySelector(`a[data-go="${way}"]`)?.click();
    }
  };

  // the palette offers the answers
  const offerAnswers = ({ detail: { name, offer } }) => {
    if (!forms.length) return;
    for (const one of openers) offer(one, () => open(one.dataset.answer));
    name(page.querySelector("h1").textContent);
  };

  document.addEventListener("palette:open", offerAnswers);
  page.addEventListener("click", click);
  document.addEventListener("keydown", key);
  return () => {
    page.removeEventListener("click", click);
    document.removeEventListener("keydown", key);
    document.removeEventListener("palette:open", offerAnswers);
  };
}
