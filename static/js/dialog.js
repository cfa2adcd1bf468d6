/* Dialogs and menus. A link with hx-target="#dialog" opens its answer here; without script it is a plain page. */
const slot = document.getElementById("dialog");

function firstField(dialog) {
  return dialog.querySelector('.error-summary, [aria-invalid="true"], .dlg__b :is(textarea, input:not([type="hidden"]), select)');
}

function openModal() {
  const dialog = slot.querySelector("dialog[data-modal]");
  if (!dialog || dialog.open) return;
  dialog.addEventListener("close", () => slot.replaceChildren());
  dialog.showModal();
  firstField(dialog)?.focus();
}

/** Close the open decision dialog, if any; the browser gives focus back to what opened it. */
export function closeModal() {
  slot.querySelector("dialog[open]")?.close();
}

/** Whether any dialog stands open. */
export function isModalOpen() {
  return document.querySelector("dialog[open]") !== null;
}

let opener = null;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === slot && !slot.contains(event.detail.elt)) opener = event.detail.elt;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === slot) openModal();
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = event.detail;
  if (!slot.contains(elt) && event.detail.target !== slot) return;
  if (xhr.status !== 204 && xhr.status !== 409) return;
  closeModal();
  if (opener?.isConnected) opener.focus();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open]");
  if (button) document.getElementById(button.dataset.open)?.showModal();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target) || button || event.target.closest("a[hx-get]")) menu.open = false;
  }
  const fold = event.target.closest("[data-unfold]");
  if (fold) unfold(fold, fold.getAttribute("aria-expanded") !== "true");
});

/** Show or hide what a [data-unfold] button names. */
export function unfold(button, open) {
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "Hide" : "Show";
  document.getElementById(button.dataset.unfold)?.toggleAttribute("data-folded", !open);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
