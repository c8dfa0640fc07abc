// Small helpers for the page's elements.

export const byId = (id) => document.getElementById(id);

/** A new element. The text is never parsed as markup. */
export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
