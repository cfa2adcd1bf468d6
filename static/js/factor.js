/* Passkeys: the browser asks for finger, face or PIN, and what it answers goes into the form. The server checks all of it. */

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));

const WHY = {
  NotAllowedError: "The passkey was not given: it was cancelled, or took too long. Try again.",
  InvalidStateError: "This device or key has a passkey here already.",
  SecurityError: "The browser refuses passkeys at this address.",
  NotSupportedError: "This device or browser can't make a passkey of the kind that is needed.",
};

/** Ask the browser. kind: "get" or "create"; options: as the server sent them. Resolves to what the server takes. */
async function ask(kind, { publicKey: sent }) {
  const publicKey = { ...sent, challenge: bytes(sent.challenge) };
  if (sent.user) publicKey.user = { ...sent.user, id: bytes(sent.user.id) };
  if (sent.excludeCredentials) publicKey.excludeCredentials = named(sent.excludeCredentials);
  if (sent.allowCredentials) publicKey.allowCredentials = named(sent.allowCredentials);
  const given = await navigator.credentials[kind]({ publicKey });
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const known = parts.filter((part) => given.response[part]);
  return {
    id: given.id,
    rawId: text(given.rawId),
    type: given.type,
    clientExtensionResults: given.getClientExtensionResults(),
    response: Object.fromEntries(known.map((part) => [part, text(given.response[part])])),
  };
}

/** A form whose button asks for a passkey first, and is sent when it was given. */
function start(form) {
  const said = form.querySelector("[data-said]");
  form.addEventListener("submit", async (event) => {
    const { credential, name } = form.elements;
    if (credential.value || (name && !name.value.trim())) return; // the server says what is missing
    event.preventDefault();
    said.hidden = true;
    form.setAttribute("aria-busy", "true");
    try {
      if (!navigator.credentials || !window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      const options = JSON.parse(document.getElementById("passkey-options").textContent);
      credential.value = JSON.stringify(await ask(form.dataset.passkey, options));
      form.requestSubmit();
    } catch (error) {
      said.textContent = WHY[error.name] ?? `The browser could not do that (${error.name}).`;
      said.hidden = false;
      form.querySelector("[type=submit]").focus();
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
  const button = form.querySelector("[data-needs-script]"); // sent before we listen, it would send nothing
  button.disabled = false;
  if ("focus" in button.dataset) button.focus();
}

for (const form of document.querySelectorAll("form[data-passkey]")) start(form);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // an old question has no answer
