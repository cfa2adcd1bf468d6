/* The war room, live. The ledger sequence is the only cursor: a bell says how far the server is, the feed says what changed.
   Connect, reconnect, gap, poll and tab wake-up are all the same call. ui.md, section 7. */
import { Bell } from "./bell.js";
import { announce } from "./feedback.js";
import { apply } from "./ops.js";
import { initialsOf } from "./presence.js";
import { clockText, setServerNow } from "./time.js";

const GATHER_MS = 20;
const AGAIN_MS = 500;
const FETCH_TIMEOUT_MS = 10000;
const BANNER_AFTER_MS = 10000;
const room = document.querySelector("[data-room]");
const stale = document.getElementById("stale");
const live = { seq: Number(room.dataset.seq), wanted: 0, isBusy: false, isAgain: false, timer: null, isAway: false, heardAt: Date.now() };
let bell = null;

function chip(state, text) {
  for (const element of document.querySelectorAll("[data-live-chip]")) {
    element.dataset.live = state;
    if (element.textContent !== text) element.textContent = text;
  }
}

function showStale(text) {
  const isNew = stale.hidden && text !== "";
  stale.hidden = text === "";
  stale.querySelector("[data-text]").textContent = text;
  if (isNew) announce(text, { loud: true });
}

/** Say how we hear the server: by the bell, by asking, or not at all. */
function show() {
  const silentMs = Date.now() - live.heardAt;
  if (bell?.isRefused) {
    chip("offline", "Not live");
  } else if (bell?.isOpen && !live.isAway) {
    chip(live.seq < live.wanted ? "catching" : "live", live.seq < live.wanted ? "Catching up" : `Live · entry ${live.seq}`);
  } else if (live.isAway) {
    chip("offline", `Offline since ${clockText(new Date(live.heardAt))}`);
  } else {
    chip(bell?.pollCount ? "polling" : "catching", bell?.pollCount ? "Polling" : "Catching up");
  }
  if (bell?.isRefused) showStale("You are signed out, or may no longer see this incident. Sign in again to go on.");
  else if (live.isAway && silentMs >= BANNER_AFTER_MS) showStale(`Offline since ${clockText(new Date(live.heardAt))}. What you see was true then.`);
  else showStale("");
}

function heard() {
  live.heardAt = Date.now();
  live.isAway = false;
}

/** The bell said that the server is at `at`. Several rings within 20 ms are one pull. */
function ring(at) {
  live.wanted = Math.max(live.wanted, at);
  if (live.wanted > live.seq) later(GATHER_MS);
}

function later(ms) {
  if (live.timer) return;
  live.timer = setTimeout(() => {
    live.timer = null;
    pull();
  }, ms);
}

async function ask() {
  const response = await fetch(`${room.dataset.feed}?after=${live.seq}`, {
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.redirected || [401, 403, 404].includes(response.status)) {
    bell.refuse();
    throw new Error("no access");
  }
  if (!response.ok) throw new Error(`feed answered ${response.status}`);
  return response.json();
}

/** Take one answer. Returns whether it moved the page forward. An answer that is older than the page changes nothing. */
function take(answer) {
  setServerNow(answer.now);
  if (answer.at <= live.seq) return false;
  apply(answer.ops);
  live.seq = answer.at;
  room.dataset.seq = String(answer.at);
  return true;
}

/** Fetch and apply until caught up; one request in flight. */
async function pull() {
  if (live.isBusy) {
    live.isAgain = true;
    return;
  }
  live.isBusy = true;
  try {
    let moved = true;
    do {
      live.isAgain = false;
      const answer = await ask();
      heard();
      moved = take(answer);
      if (answer.more && moved) live.isAgain = true;
    } while (live.isAgain || (moved && live.seq < live.wanted));
    if (live.seq < live.wanted) later(AGAIN_MS);
  } catch (error) {
    if (!bell.isRefused) live.isAway = !bell.isOpen || error.name !== "AbortError";
    if (bell.isOpen) later(AGAIN_MS * 4);
  } finally {
    live.isBusy = false;
    show();
  }
}

function drawPresence(people) {
  for (const pile of document.querySelectorAll("[data-presence]")) {
    const count = document.createElement("small");
    count.textContent = `${people.length} here`;
    pile.replaceChildren(...people.slice(0, 5).map(initialsOf), count);
    pile.setAttribute("aria-label", `In the room: ${people.length} ${people.length === 1 ? "person" : "people"}`);
  }
}

function sayWhetherHere() {
  bell.send({ here: document.hidden ? "away" : "active" });
}

bell = new Bell(room.dataset.socket, {
  hear(message) {
    heard();
    if (typeof message.at === "number") ring(message.at);
    if (Array.isArray(message.here)) drawPresence(message.here);
    show();
  },
  change(state) {
    if (state === "open") {
      heard();
      sayWhetherHere();
      pull();
    }
    show();
  },
  poll: pull,
  graceMs: 10000,
  pollMs: 5000,
  hiddenPollMs: 30000,
});
document.addEventListener("visibilitychange", sayWhetherHere);
addEventListener("offline", () => { live.isAway = true; show(); });
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.verb !== "get") later(GATHER_MS);
});
setInterval(show, 1000);
if (room.dataset.socket) bell.open();
