// Menus are native popovers: the browser opens, closes and returns the focus. This adds the arrow keys, and
// the place where a browser has no anchor positioning yet.
const ANCHORED = CSS.supports("position-area", "block-end");
const items = (menu) => [...menu.querySelectorAll(".menu-item:not([disabled])")];

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + height + 8 < innerHeight;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
}

document.addEventListener(
  "toggle",
  ({ target: menu, newState }) => {
    if (!menu.matches?.(".menu[popover]")) return;
    const buttons = [...document.querySelectorAll(`[popovertarget="${CSS.escape(menu.id)}"]`)];
    buttons.forEach((button) => button.setAttribute("aria-expanded", newState === "open"));
    const button = buttons.find((one) => one === document.activeElement) ?? buttons[0];
    if (newState !== "open" || !button) return;
    if (!ANCHORED) place(menu, button);
    if (button.matches(":focus-visible")) items(menu)[0]?.focus();
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const all = items(menu);
  const now = all.indexOf(document.activeElement);
  const next = {
    ArrowDown: (now + 1) % all.length,
    ArrowUp: (now - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  event.preventDefault();
  all[next]?.focus();
});
