// Buttons that copy a text and say so.

import { button, element } from "./dom.js";
import { complain, say } from "./say.js";

const CONFIRMED_MILLISECONDS = 2000;

/** A button that copies what `text` returns, if anything. `what` completes "Copy …" and "Copied: …". */
export function copyButton(what, text, label = "Copy " + what) {
  const made = button(label, async () => {
    const value = text();
    if (!value) return;
    const done = await copied(value);
    if (!done) return complain("The browser does not allow copying. Select the text and copy it.");
    say("Copied: " + what + ".");
    made.textContent = "Copied";
    setTimeout(() => (made.textContent = label), CONFIRMED_MILLISECONDS);
  });
  made.dataset.copies = what;
  return made;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** Works without the permission that the clipboard needs. */
function copiedBySelection(text) {
  const before = document.activeElement;
  const field = element("textarea", undefined, "unseen");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before.focus({ preventScroll: true });
  return done;
}
