// One key for what an officer does often. Each thing names its key in `data-key`; nothing here is needed to use the page.
"use strict";

const links = [...document.querySelectorAll("[data-row] a")];
const help = document.querySelector("#keys");

function step(by) {
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

function press(thing) {
  if (thing.matches("input[type=radio]")) thing.checked = true;
  if (thing.matches("input, textarea")) return thing.focus();
  thing.click();
}

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox]), [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target) || help.open) return;
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "?") help.showModal();
  else {
    const thing = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!thing) return;
    press(thing);
  }
  event.preventDefault();
});

for (const button of document.querySelectorAll("[data-opens-keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}
