/* Times in the reader's zone or UTC, clocks that tick by the server's clock. The server prints UTC; this rewrites. */
const LATE_SHARE = 0.2;
const UNKNOWN_WHOLE_S = 600;
const SHAPES = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  short: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short", year: "numeric" },
  full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
let offsetMs = 0;
let zone = localStorage.getItem("muster.zone") === "utc" ? "utc" : "local";

/** Learn the server's clock from a feed answer. iso: "2026-11-20T11:45:07Z". */
export function setServerNow(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) offsetMs = server - Date.now();
}

export function now() {
  return Date.now() + offsetMs;
}

function format(moment, shape) {
  const timeZone = zone === "utc" ? "UTC" : undefined;
  return new Intl.DateTimeFormat("en-GB", { ...SHAPES[shape], timeZone, hourCycle: "h23" }).format(moment);
}

/** A moment as 12:47:19 in the chosen zone. */
export function clockText(moment) {
  return format(moment, "time");
}

/** The day of a moment in the chosen zone, "20 November": for separators. */
export function dayText(moment) {
  const timeZone = zone === "utc" ? "UTC" : undefined;
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone }).format(moment);
}

/** 46:12 under an hour, 3 h 16 m under a day, then 2 d 4 h. */
export function duration(seconds) {
  const s = Math.floor(Math.abs(seconds));
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

function agoText(moment) {
  const minutes = Math.floor((now() - moment) / 60000);
  const sameDay = dayText(moment) === dayText(new Date(now()));
  const absolute = sameDay ? format(moment, "short") : `${format(moment, "day")}, ${format(moment, "short")}`;
  if (minutes < 0 || minutes >= 60) return absolute;
  return minutes === 0 ? `just now, ${absolute}` : `${minutes} min ago, ${absolute}`;
}

function paintTime(element) {
  const moment = new Date(element.dateTime);
  const shape = element.dataset.when;
  element.textContent = shape === "ago" ? agoText(moment) : format(moment, shape);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tickClock(element) {
  const due = Date.parse(element.dataset.clock);
  const left = (due - now()) / 1000;
  const whole = element.dataset.from ? (due - Date.parse(element.dataset.from)) / 1000 : UNKNOWN_WHOLE_S;
  setText(element, left < 0 ? `${duration(left)} late` : `${duration(left)} ${element.dataset.after || ""}`.trim());
  if (left <= whole * LATE_SHARE) element.dataset.state = "late";
}

function tick() {
  document.querySelectorAll("[data-clock]").forEach(tickClock);
  for (const element of document.querySelectorAll("[data-since]")) {
    setText(element, duration((now() - Date.parse(element.dataset.since)) / 1000));
  }
}

const MOMENT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/;

/** Put words into an element; a moment in them (2026-11-20T11:45:07Z) becomes a time in the chosen zone. */
export function setWords(element, words) {
  if (!MOMENT.test(words)) return setText(element, words);
  const parts = words.split(MOMENT).map((part, place) => {
    if (place % 2 === 0) return part;
    const time = document.createElement("time");
    time.dateTime = part;
    time.dataset.when = "short";
    paintTime(time);
    return time;
  });
  element.replaceChildren(...parts);
}

/** Rewrite all times under `root`. */
export function paint(root = document) {
  if (root.matches?.("time[data-when]")) paintTime(root);
  root.querySelectorAll?.("time[data-when]").forEach(paintTime);
}

/** Change the zone of the whole page: "local" or "utc". Tells others by the event `zone-changed` on body. */
export function setZone(next) {
  zone = next;
  localStorage.setItem("muster.zone", next);
  showSwitch();
  paint();
  document.body.dispatchEvent(new CustomEvent("zone-changed"));
}

export function toggleZone() {
  setZone(zone === "utc" ? "local" : "utc");
}

function localZoneName() {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date());
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "Local";
}

function showSwitch() {
  for (const button of document.querySelectorAll("[data-zone]")) {
    if (button.dataset.zone === "local") button.textContent = localZoneName() === "UTC" ? "Local" : localZoneName();
    button.setAttribute("aria-pressed", String(button.dataset.zone === zone));
  }
}

/* Copying a time gives ISO 8601 UTC, whatever zone is on show. */
document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  const first = selection?.anchorNode?.parentElement?.closest("time[datetime]");
  const last = selection?.focusNode?.parentElement?.closest("time[datetime]");
  if (!first || first !== last) return;
  event.clipboardData.setData("text/plain", first.dateTime);
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zone]");
  if (button) setZone(button.dataset.zone);
});
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) paint(node);
}).observe(document.body, { childList: true, subtree: true });
setInterval(tick, 1000);
setInterval(() => document.querySelectorAll('time[data-when="ago"]').forEach(paintTime), 30000);
showSwitch();
paint();
tick();
