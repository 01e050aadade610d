// Sends files as soon as they are chosen, dropped or pasted, one after the other: each has its bar, and each that
// is refused its own sentence. Without scripts the same form sends them all at once.
import htmx from "htmx";

function send(form, file, onProgress) {
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.append("files", file);
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
  const done = new Promise((resolve, reject) => {
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Error("unreached")));
    request.addEventListener("abort", () => resolve(null));
  });
  request.send(body);
  return { done, stop: () => request.abort() };
}

export default function files(section) {
  const form = section.querySelector(".file-adder");
  const input = form.elements.files;
  const sending = form.querySelector(".file-sending");
  const say = (name, file) => section.dataset[name].replace("{name}", file.name);
  let line = Promise.resolve();
  let waiting = 0;

  function refuse(row, text) {
    row.replaceChildren(text);
    row.className = "is-refused";
  }

  async function one(file, row) {
    if (!row.isConnected) return;
    if (file.size > Number(section.dataset.most)) return refuse(row, say("tooLarge", file));
    const bar = row.querySelector("progress");
    const { done, stop } = send(form, file, (part) => (bar.value = part));
    row.querySelector("button").onclick = stop;
    try {
      const answer = await done;
      if (!answer || answer.status === 201) row.remove();
      else refuse(row, answer.response?.error?.message ?? say("failed", file));
    } catch {
      refuse(row, say("unreached", file));
    }
  }

  function add(chosen) {
    if (!waiting) sending.replaceChildren();
    for (const file of chosen) {
      const row = document.createElement("li");
      const stop = Object.assign(document.createElement("button"), {
        type: "button",
        className: "btn btn-ghost btn-sm btn-icon",
        textContent: "×",
        onclick: () => row.remove(),
      });
      stop.setAttribute("aria-label", say("cancel", file));
      const bar = Object.assign(document.createElement("progress"), { className: "prog", max: 1, value: 0 });
      bar.setAttribute("aria-label", file.name);
      row.append(file.name, stop, bar);
      sending.append(row);
      waiting += 1;
      line = line.then(() => one(file, row)).then(settle);
    }
  }

  // the list is fetched once, when the last one is through
  function settle() {
    waiting -= 1;
    if (waiting || !section.isConnected) return;
    htmx.ajax("GET", form.action, { target: "#file-list", swap: "outerHTML" });
  }

  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    section.classList.add("is-over");
  };
  const out = (event) => section.contains(event.relatedTarget) || section.classList.remove("is-over");
  const drop = (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    section.classList.remove("is-over");
    add([...event.dataTransfer.files]);
  };
  const paste = (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length || section.closest("[hidden]")) return;
    event.preventDefault();
    add(pasted);
  };
  const stay = (event) => waiting && event.preventDefault();

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  section.addEventListener("dragover", over);
  section.addEventListener("dragleave", out);
  section.addEventListener("drop", drop);
  document.addEventListener("paste", paste);
  window.addEventListener("beforeunload", stay);
  return () => {
    document.removeEventListener("paste", paste);
    window.removeEventListener("beforeunload", stay);
  };
}
