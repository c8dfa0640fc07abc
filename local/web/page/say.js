// Short messages: read by screen readers, and shown to everybody if something failed.

import { byId } from "./dom.js";

const SHOWN_MILLISECONDS = 6000;

let timer = 0;

/** Have screen readers read a text. What it says can be seen on the page, too. */
export function say(text) {
  announce(text, false);
}

/** Say that something failed, where nothing else on the page shows it. */
export function complain(text) {
  announce(text, true);
}

function announce(text, isShown) {
  const said = byId("said");
  clearTimeout(timer);
  said.className = isShown ? "complaint" : "unseen";
  said.textContent = "";
  // Only a change is read, so that the same text twice needs one in between.
  requestAnimationFrame(() => (said.textContent = text));
  if (isShown) timer = setTimeout(() => (said.className = "unseen"), SHOWN_MILLISECONDS);
}
