/* Theme: the system's, or the reader's choice, kept in a cookie so that the server prints it and nothing flashes. */
const YEAR_S = 31536000;

function chosen() {
  return document.documentElement.dataset.theme || "";
}

function choose(theme) {
  const age = theme ? YEAR_S : 0;
  document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  show();
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (button) choose(button.dataset.themeChoice);
});
show();
