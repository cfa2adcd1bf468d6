/* Find or do: Ctrl/Cmd K. Offers the navigation and what is on the page: links, rows, [data-find] actions. */
const dialog = document.getElementById("find");
const field = document.getElementById("find-field");
const list = document.getElementById("find-list");
const SHOWN = 12;
let matches = [];
let chosen = 0;

function offers() {
  const seen = new Set();
  const sources = document.querySelectorAll("[data-find], [data-row] .t a, .nav a, .row-link, .rows__main > a, main h2 > a");
  return [...sources].filter((element) => !element.closest("dialog")).flatMap((element) => {
    const words = (element.dataset.find || element.firstChild.textContent).trim().replace(/\s+/g, " ");
    const key = words + (element.href ?? "");
    if (!words || seen.has(key)) return [];
    seen.add(key);
    return [{ element, words, kind: element.closest(".nav") ? "Go to" : element.tagName === "A" ? "Open" : "Do" }];
  });
}

function matching(text) {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  return offers().filter(({ words }) => parts.every((part) => words.toLowerCase().includes(part))).slice(0, SHOWN);
}

function option({ words, kind }, place) {
  const item = document.createElement("li");
  item.id = `find-${place}`;
  item.role = "option";
  item.dataset.place = String(place);
  const name = document.createElement("span");
  name.textContent = words;
  const hint = document.createElement("small");
  hint.textContent = kind;
  item.append(name, hint);
  return item;
}

function show() {
  matches = matching(field.value);
  chosen = 0;
  list.replaceChildren(...matches.map(option));
  dialog.querySelector("[data-none]").hidden = matches.length > 0;
  mark();
}

function mark() {
  for (const item of list.children) item.setAttribute("aria-selected", String(Number(item.dataset.place) === chosen));
  if (matches.length) field.setAttribute("aria-activedescendant", `find-${chosen}`);
  else field.removeAttribute("aria-activedescendant");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function go(place) {
  const match = matches[place];
  if (!match) return;
  dialog.close();
  match.element.click();
}

/** Open the palette with an empty field. */
export function openFind() {
  if (!dialog || dialog.open) return;
  field.value = "";
  dialog.showModal();
  show();
}

if (dialog) {
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && matches.length) {
      chosen = (chosen + step + matches.length) % matches.length;
      mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(chosen);
    }
  });
  list.addEventListener("click", (event) => go(Number(event.target.closest("li")?.dataset.place ?? -1)));
  document.querySelector('[data-open="find"]')?.addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    openFind();
  });
}
