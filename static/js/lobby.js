/* List pages: a bell that says some ledger grew. Fragments ask for themselves: hx-trigger="ledger-grew from:body". */
import { Bell } from "./bell.js";

const GATHER_MS = 100;
let last = null; // an empty portal has reached 0: that is news that was heard, not silence
let timer = null;

function grew() {
  timer ??= setTimeout(() => {
    timer = null;
    document.body.dispatchEvent(new CustomEvent("ledger-grew"));
  }, GATHER_MS);
}

new Bell("/ws/lobby", {
  hear(message) {
    if (typeof message.at !== "number" || message.at === last) return;
    if (last !== null) grew();
    last = message.at;
  },
  change(state) {
    if (state === "open") grew();
  },
  poll: grew,
  graceMs: 10000,
  pollMs: 10000,
  hiddenPollMs: 60000,
}).open();
