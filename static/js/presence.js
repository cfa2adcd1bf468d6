/* An avatar of somebody in the room, from a presence message: {name, initials, colour, here: "here" | "away"}. */
const COLOUR = /^#[0-9a-f]{6}$/i;

/** An avatar element for a person. */
export function initialsOf(person) {
  const avatar = document.createElement("span");
  avatar.className = "ava";
  avatar.ariaHidden = "true";
  avatar.dataset.here = person.here === "away" ? "away" : "here";
  if (COLOUR.test(person.colour)) avatar.style.setProperty("--av", person.colour);
  avatar.textContent = String(person.initials).slice(0, 2);
  return avatar;
}
