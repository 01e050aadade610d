// A form is sent once: its button rests until the answer is there. The server is safe without it; people are not
// left wondering.
const rest = (buttons, on) =>
  buttons.forEach((button) => {
    button.toggleAttribute("data-sending", on);
    button.disabled = on;
  });
const buttonsOf = (form) => [...form.elements].filter((one) => one.type === "submit" && one.disabled === false);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.target) return;
  // one tick later, so that the pressed button's own value is sent with the form
  setTimeout(() => rest(buttonsOf(form), true));
});

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement?.closest?.("form");
  if (!form || ctx.request.method === "GET") return;
  ctx.resting = buttonsOf(form);
  rest(ctx.resting, true);
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => rest(ctx.resting ?? [], false));

// Back brings the page as it was left: with its buttons resting
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) rest([...document.querySelectorAll("[data-sending]")], false);
});
