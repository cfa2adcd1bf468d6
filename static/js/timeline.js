/* The timeline: filters, day separators, and entries that wait behind "4 new" while the reader has scrolled. */
import { dayText } from "./time.js";

function isScrolledAway(list) {
  const scroller = list.closest("[data-list-scroll]");
  return (scroller?.scrollTop ?? 0) > 8 || list.getBoundingClientRect().top < 0;
}

/** Put an entry on top of a list, once. Entries keep the order of their sequence whatever order they come in. */
export function prepend({ list: name, html }) {
  const list = document.querySelector(`[data-list="${CSS.escape(name)}"]`);
  if (!list) return;
  const box = document.createElement("template");
  box.innerHTML = html;
  for (const item of [...box.content.children]) insert(list, item);
  separate(list);
}

function insert(list, item) {
  const seq = Number(item.dataset.seq);
  if (list.querySelector(`:scope > [data-seq="${seq}"]`)) return;
  const after = [...list.querySelectorAll(":scope > [data-seq]")].find((other) => Number(other.dataset.seq) < seq);
  item.classList.add("new");
  if (isScrolledAway(list) && item.dataset.category !== "noise") item.hidden = true;
  list.insertBefore(item, after ?? null);
  window.htmx?.process(item);
  showArrivals(list);
}

function showArrivals(list) {
  const count = list.querySelectorAll(":scope > [data-seq][hidden]").length;
  const box = list.parentElement.querySelector("[data-arrivals]");
  if (!box) return;
  box.hidden = count === 0;
  box.querySelector("button").textContent = `${count} new`;
}

function reveal(list) {
  list.querySelectorAll(":scope > [data-seq][hidden]").forEach((item) => { item.hidden = false; });
  showArrivals(list);
}

/** A separator before the first entry of each older day, by the zone on show. */
function separate(list) {
  list.querySelectorAll(":scope > .day").forEach((line) => line.remove());
  let before = null;
  for (const item of list.querySelectorAll(":scope > [data-seq]")) {
    const day = dayText(new Date(item.querySelector("time").dateTime));
    if (before && day !== before) {
      const line = document.createElement("li");
      line.className = "day";
      line.textContent = day;
      item.before(line);
    }
    before = day;
  }
}

function filter(button) {
  const panel = button.closest(".timeline");
  for (const other of panel.querySelectorAll("[data-filter]")) other.setAttribute("aria-pressed", String(other === button));
  panel.querySelector(".tl").dataset.show = button.dataset.filter;
}

function showNoise(button) {
  const shown = button.closest(".timeline").querySelector(".tl").toggleAttribute("data-noise");
  button.setAttribute("aria-pressed", String(shown));
}

document.addEventListener("click", (event) => {
  const noise = event.target.closest("button[data-noise]");
  if (noise) showNoise(noise);
  const chip = event.target.closest("[data-filter]");
  if (chip) filter(chip);
  const arrivals = event.target.closest("[data-arrivals]");
  if (!arrivals) return;
  const list = arrivals.parentElement.querySelector("[data-list]");
  reveal(list);
  const scroller = list.closest("[data-list-scroll]");
  scroller.scrollTop = 0;
  if (list.getBoundingClientRect().top < 0) list.closest("section").scrollIntoView();
  scroller.focus({ preventScroll: true });
});
document.addEventListener("scroll", (event) => {
  const list = event.target.querySelector?.("[data-list]");
  if (list && !isScrolledAway(list)) reveal(list);
}, { capture: true, passive: true });
document.body.addEventListener("zone-changed", () => document.querySelectorAll("[data-list]").forEach(separate));
document.querySelectorAll("[data-list]").forEach(separate);
