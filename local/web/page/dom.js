// Small helpers for the page's elements.

export const byId = (id) => document.getElementById(id);

/** A new element. The text is never parsed as markup. */
export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A new element with others in it. Anything false is left out. */
export function group(tag, className, ...children) {
  const made = element(tag, undefined, className);
  made.append(...children.filter(Boolean));
  return made;
}

/** A button that submits no form. */
export function button(text, onClick, className = "small") {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** Show or hide a button. The focus that it has goes to `next`, instead of to the top of the page. */
export function hide(target, isHidden, next) {
  if (isHidden && document.activeElement === target) next.focus({ preventScroll: true });
  target.hidden = isHidden;
}

/** Set a text, and touch nothing if it is the same: screen readers read every change of a status. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
