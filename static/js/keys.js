/* Single-letter keys, outside fields and dialogs only; one switch turns them all off (WCAG 2.1.4). No key ever decides. */
import { openFind } from "./find.js";
import { toggleZone } from "./time.js";

const GO = { i: "/incidents/", a: "/approvals/", r: "/runbooks/", s: "/services/", e: "/evidence/", m: "/" };
const GO_WITHIN_MS = 1200;
const PRESSES = new Set(["u", "n", "d", "s", "a", "r"]);
let wentAt = 0;

function areOn() {
  return localStorage.getItem("muster.keys") !== "off";
}

function showSwitches() {
  for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = areOn();
}

function isTyping(target) {
  return target.closest("input, textarea, select, dialog, [contenteditable]") !== null;
}

function isVisible(element) {
  return element.offsetParent !== null || element.getClientRects().length > 0;
}

function press(letter) {
  const element = [...document.querySelectorAll(`[data-press="${letter}"]`)].find(isVisible);
  element?.click();
  if (element?.dataset.pressFocus) document.getElementById(element.dataset.pressFocus)?.focus();
  return Boolean(element);
}

function compose() {
  const field = document.getElementById("composer-text");
  if (field) field.focus();
  else openFind();
}

function moveInList(step) {
  const links = [...document.querySelectorAll("[data-row] .t a, .row-link, .rows__main > a")].filter(isVisible);
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  links[here === -1 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + step))].focus();
}

function moveSection(step) {
  const sections = [...document.querySelectorAll("main section[tabindex]")].filter(isVisible);
  if (!sections.length) return;
  const here = sections.findIndex((section) => section.contains(document.activeElement));
  sections[(here + step + sections.length + (here === -1 && step < 0 ? 1 : 0)) % sections.length].focus();
}

function followRun() {
  const node = document.querySelector('.node:is([data-state="approval"], [data-state="running"], [data-state="verifying"]) a');
  node?.scrollIntoView({ block: "nearest", inline: "center" });
}

function leave() {
  const field = document.activeElement?.closest("input, textarea, select");
  if (field) field.blur();
  else document.querySelector(".crumbs li:last-child a")?.click();
}

const COMMANDS = {
  "?": () => document.getElementById("keys")?.showModal(),
  "/": compose,
  j: () => moveInList(1),
  k: () => moveInList(-1),
  f: followRun,
  "[": () => moveSection(-1),
  "]": () => moveSection(1),
  z: toggleZone,
};

function needsOf(node) {
  return (node.dataset.needs ?? "").split(" ").filter(Boolean);
}

function neighbour(node, key) {
  const nodes = [...node.parentElement.children];
  if (key === "ArrowRight") return nodes.find((other) => needsOf(other).includes(node.dataset.key));
  if (key === "ArrowLeft") return nodes.find((other) => needsOf(node).includes(other.dataset.key));
  const column = nodes.filter((other) => other.offsetLeft === node.offsetLeft).sort((a, b) => a.offsetTop - b.offsetTop);
  return column[column.indexOf(node) + (key === "ArrowDown" ? 1 : -1)];
}

/** Arrows in the graph: along edges sideways, within a rank up and down. */
function walkGraph(event) {
  const node = event.target.closest(".node");
  if (!node) return;
  neighbour(node, event.key)?.querySelector("a").focus();
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open], details[data-menu][open]")) return leave();
  if (event.key.startsWith("Arrow")) return walkGraph(event);
  if (!areOn() || isTyping(event.target)) return;
  if (event.key === "g") {
    wentAt = Date.now();
    return;
  }
  if (GO[event.key] && Date.now() - wentAt < GO_WITHIN_MS) {
    location.assign(GO[event.key]);
    return;
  }
  const command = COMMANDS[event.key];
  if (command) command();
  else if (!PRESSES.has(event.key) || !press(event.key)) return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-send-with-ctrl-enter]");
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys-switch]")) return;
  localStorage.setItem("muster.keys", event.target.checked ? "on" : "off");
  showSwitches();
});
showSwitches();
