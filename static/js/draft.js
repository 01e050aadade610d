// Keeps what was typed into <form data-behaviour="draft" data-draft-key="request:12"> in this browser until the
// form has arrived. An element inside with data-draft-note="Draft kept, {time}" says so. The key names the
// workspace and the person, so that two people at one machine do not read each other.
const store = (key) => `draft:${key}`;
const skipped = (field) =>
  !field.name ||
  ["csrfmiddlewaretoken", "next"].includes(field.name) ||
  ["hidden", "password", "file", "submit", "button"].includes(field.type);
const isBox = (field) => field.type === "checkbox" || field.type === "radio";

function read(form) {
  return [...form.elements]
    .filter((field) => !skipped(field))
    .map((field) => [field.name, field.value, isBox(field) ? field.checked : null]);
}

function write(form, kept) {
  for (const [name, value, checked] of kept)
    for (const field of form.elements)
      if (field.name === name && !skipped(field)) {
        if (!isBox(field)) field.value = value;
        else if (field.value === value) field.checked = checked;
      }
}

export default function draft(form) {
  settle();
  const key = store(form.dataset.draftKey);
  const note = form.querySelector("[data-draft-note]");
  const { lang } = document.documentElement;
  const say = (at) => {
    if (!note) return;
    const time = new Date(at).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    note.textContent = note.dataset.draftNote.replace("{time}", time);
    note.hidden = false;
  };
  const answered = form.querySelector('[aria-invalid="true"]'); // the server shows what was sent: newer
  const kept = JSON.parse(localStorage.getItem(key) ?? "null");
  if (kept && !answered) {
    write(form, kept.fields);
    say(kept.at);
    form.dispatchEvent(new Event("draft:restored", { bubbles: true }));
  }
  let timer;
  const keep = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const at = Date.now();
      localStorage.setItem(key, JSON.stringify({ at, fields: read(form) }));
      say(at);
    }, 400);
  };
  const sent = () => sessionStorage.setItem("draft-sent", form.dataset.draftKey);
  form.addEventListener("input", keep);
  form.addEventListener("submit", sent);
  return () => {
    clearTimeout(timer);
    form.removeEventListener("input", keep);
    form.removeEventListener("submit", sent);
  };
}

// the page after: the form is gone, or it is there for the next one and the page says what was done: it arrived.
// It came back with errors, or nobody knows: the draft stays
export function settle() {
  const key = sessionStorage.getItem("draft-sent");
  if (!key) return;
  sessionStorage.removeItem("draft-sent");
  const back = document.querySelector(`[data-draft-key="${CSS.escape(key)}"]`);
  const failed = document.querySelector("[data-error-page]");
  const wrong = back?.querySelector('[aria-invalid="true"], .error-summary');
  const said = document.querySelector("#toasts .toast") ?? back?.matches("[data-draft-arrived]");
  if (!failed && (!back || (said && !wrong))) localStorage.removeItem(store(key));
}
