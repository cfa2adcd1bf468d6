/* What a reader must be told: refusals of the server, lost connections, things copied. Never a silent failure. */

/** Say something to a screen reader. loud: interrupts; only for "a decision is yours", "your step failed", "offline". */
export function announce(text, { loud = false } = {}) {
  const region = document.getElementById(loud ? "alarm" : "announce");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

const REASONS = {
  401: "You are signed out. Sign in again in another tab, then repeat it.",
  403: "Your roles do not include that right. Nothing was changed.",
  404: "That is not there any more, or not visible to you. Nothing was changed.",
  413: "That was too long. Nothing was changed.",
};

/** Show a refusal that came without words of its own. */
export function refuse(text) {
  const box = document.createElement("div");
  box.className = "refusal";
  box.dataset.state = "failed";
  const mark = document.createElement("span");
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn--quiet btn--sm";
  close.dataset.dismiss = "refusal";
  close.textContent = "Close";
  box.append(mark, words, close);
  document.getElementById("refusal").replaceChildren(box);
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = true;
});
document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 409 || xhr.getResponseHeader("HX-Retarget")) return;
  refuse(REASONS[xhr.status] ?? `The server could not do that (error ${xhr.status}). Look before you repeat it.`);
});
document.body.addEventListener("htmx:sendError", () => {
  refuse("The server could not be reached. Your words are still in the form; nothing was sent.");
});

document.addEventListener("click", async (event) => {
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) document.getElementById(dismiss.dataset.dismiss).replaceChildren();
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  await navigator.clipboard.writeText(copy.dataset.copy);
  copy.firstChild.textContent = "Copied";
  announce("Copied");
  setTimeout(() => { copy.firstChild.textContent = "Copy"; }, 2000);
});
