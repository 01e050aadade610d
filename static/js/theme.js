// The buttons that choose light, dark or what the system says. boot.js applies the choice before the first paint.
const root = document.documentElement;

function show() {
  const current = root.dataset.theme ?? "system";
  document
    .querySelectorAll("[data-theme-choice]")
    .forEach((button) => button.setAttribute("aria-pressed", button.dataset.themeChoice === current));
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
  if (!choice) return;
  if (choice === "system") {
    delete root.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    root.dataset.theme = choice;
    localStorage.setItem("theme", choice);
  }
  show();
});

show();
