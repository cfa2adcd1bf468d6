/* Applies the ops of a feed answer to the page (ui.md, section 7). Attributes and text first; fragments only when free. */
import { isModalOpen } from "./dialog.js";
import { announce } from "./feedback.js";
import { setWords } from "./time.js";
import { prepend } from "./timeline.js";

const POINTER_REST_MS = 4000;
const HOLD_CHECK_MS = 1000;
const ANNOUNCE_EVERY_MS = 5000;
const STEP = /^step:[^:]+$/;
const MOST_SKIPS = 3;
const held = new Set();
const flights = new Map();
const told = new Map();
let movedAt = 0;
let lastTold = 0;
let tellTimer = null;

function keyed(key) {
  return document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`);
}

function setState({ key, state, label }) {
  let changed = false;
  let isSaid = false;
  for (const element of keyed(key)) {
    changed ||= element.dataset.state !== state;
    element.dataset.state = state;
    element.querySelectorAll("use[data-glyph]").forEach((use) => use.setAttribute("href", `#i-${state}`));
    if (label) element.querySelectorAll("[data-word]").forEach((word) => { word.textContent = label; });
    if (element.hasAttribute("data-mine") && changed && (state === "failed" || state === "unknown")) {
      isSaid = true;
      announce(`Your step failed: ${element.querySelector(".t a")?.textContent ?? key}`, { loud: true });
    }
  }
  if (changed && !isSaid && STEP.test(key)) tell(key, (label || state).toLowerCase());
}

function tell(key, word) {
  told.set(key, word);
  if (!tellTimer) tellTimer = setTimeout(tellNow, Math.max(200, lastTold + ANNOUNCE_EVERY_MS - Date.now()));
}

function tellNow() {
  const counts = new Map();
  for (const word of told.values()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const parts = [...counts].map(([word, count], place) => (place ? `${count} ${word}` : `${count} ${count === 1 ? "step" : "steps"} ${word}`));
  told.clear();
  tellTimer = null;
  lastTold = Date.now();
  announce(parts.join(", "));
}

function isUnderHand(element) {
  const pointed = matchMedia("(hover: hover)").matches && element.matches(":hover") && Date.now() - movedAt < POINTER_REST_MS;
  const field = element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const menu = element.querySelector("details[data-menu][open]");
  return (element.hasAttribute("data-hold") && pointed) || field || menu !== null || (isModalOpen() && element.id === "decision");
}

/** Fetch a fragment anew and put it in place; waits while the reader's hand is on it. url: as in data-fragment. */
export function refresh(url) {
  const element = document.querySelector(`[data-fragment="${CSS.escape(url)}"]`);
  if (!element) return;
  if (!isUnderHand(element)) {
    held.delete(url);
    fly(url);
    return;
  }
  hold(url, element);
}

function hold(url, element) {
  element.toggleAttribute("data-held", true);
  if (held.has(url)) return;
  held.add(url);
  setTimeout(function again() {
    if (!held.has(url)) return;
    held.delete(url);
    refresh(url);
  }, HOLD_CHECK_MS);
}

/** One request per fragment. What grew meanwhile makes its answer old: it is dropped and asked for again. */
async function fly(url) {
  if (flights.has(url)) {
    flights.set(url, true);
    return;
  }
  try {
    for (let skips = 0; ; skips++) {
      flights.set(url, false);
      const fresh = await fetchFragment(url);
      if (flights.get(url) && skips < MOST_SKIPS) continue;
      if (fresh) swap(url, fresh);
      return;
    }
  } catch (error) {
    console.warn("fragment", url, error);
  } finally {
    flights.delete(url);
  }
}

async function fetchFragment(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!response.ok || response.redirected) return null;
  const box = document.createElement("template");
  box.innerHTML = await response.text();
  return box.content.firstElementChild;
}

function swap(url, fresh) {
  const element = document.querySelector(`[data-fragment="${CSS.escape(url)}"]`);
  if (!element) return;
  if (isUnderHand(element)) return void hold(url, element);
  const restore = remember(element);
  element.replaceWith(fresh);
  window.htmx?.process(fresh);
  restore(fresh);
  if (fresh.id === "decision") tellDecision(element, fresh);
}

/** What a swap must not lose: focus, scroll positions, opened groups, the chosen filter. */
function remember(element) {
  const focus = element.contains(document.activeElement) ? document.activeElement : null;
  const scrolls = [...element.querySelectorAll(".scroll, .graph")].map((part) => [part.scrollTop, part.scrollLeft]);
  const open = [...element.querySelectorAll('[data-unfold][aria-expanded="true"]')].map((button) => button.dataset.unfold);
  const filter = element.querySelector('[data-filter][aria-pressed="true"]')?.dataset.filter;
  const isNoisy = element.querySelector('button[data-noise][aria-pressed="true"]') !== null;
  const chip = element.querySelector("[data-live-chip]");
  return (fresh) => {
    if (chip) fresh.querySelector("[data-live-chip]")?.replaceWith(chip);
    if (filter) fresh.querySelector(`[data-filter="${filter}"]`)?.click();
    if (isNoisy) fresh.querySelector("button[data-noise]")?.click();
    for (const id of open) fresh.querySelector(`[data-unfold="${CSS.escape(id)}"]`)?.click();
    [...fresh.querySelectorAll(".scroll, .graph")].forEach((part, place) => {
      [part.scrollTop, part.scrollLeft] = scrolls[place] ?? [0, 0];
    });
    if (focus) twin(focus, element, fresh)?.focus({ preventScroll: true });
  };
}

function twin(focus, before, fresh) {
  if (focus === before) return fresh;
  if (focus.id) return fresh.querySelector(`#${CSS.escape(focus.id)}`);
  const row = focus.closest("[data-key]");
  const home = row ? fresh.querySelector(`${row.tagName}[data-key="${CSS.escape(row.dataset.key)}"]`) : fresh;
  const selector = focus.getAttribute("href") ? `a[href="${CSS.escape(focus.getAttribute("href"))}"]` : focus.tagName.toLowerCase();
  return home?.querySelector(selector) ?? home?.querySelector("a, button") ?? fresh;
}

function tellDecision(before, fresh) {
  if (!("yours" in fresh.dataset) || fresh.dataset.decision === before.dataset.decision) return;
  announce(`A decision is yours: ${fresh.querySelector("[data-question]")?.textContent ?? ""}`, { loud: true });
}

/** Fetch every fragment of the page anew. */
export function refreshAll() {
  for (const element of document.querySelectorAll("[data-fragment]")) refresh(element.dataset.fragment);
}

function reload() {
  const typed = [...document.querySelectorAll("textarea, dialog[open] input")].some((field) => field.value.trim());
  if (!typed && !isModalOpen()) location.reload();
  else announce("Muster was updated. Reload the page when you have sent your words.", { loud: true });
}

/** Apply ops in order. Each is safe to apply twice. */
export function apply(ops) {
  for (const url of flights.keys()) flights.set(url, true);
  const urls = new Set();
  for (const op of ops) {
    if (op.op === "state") setState(op);
    else if (op.op === "text") keyed(op.key).forEach((element) => setWords(element, op.text));
    else if (op.op === "prepend") prepend(op);
    else if (op.op === "refresh") urls.add(op.url);
    else if (op.op === "reload") reload();
    else {
      console.warn("feed: unknown op", op);
      refreshAll();
    }
  }
  for (const url of urls) refresh(url);
}

document.addEventListener("pointermove", () => { movedAt = Date.now(); }, { passive: true });
