// The form: who the event is about, its name, and its attributes and metrics.

import { button, byId, element } from "./dom.js";
import { EXAMPLES, hintFor } from "./examples.js";

const GA4_LINE_HEIGHT_ROWS = 14;

export function endpoint() {
  return byId("endpoint").value;
}

/** The GA4 event that is chosen; empty for an event of one's own. */
export function ga4Event() {
  return byId("kind").value;
}

/** The attributes and metrics that the form shows and that have a name. */
export function rows() {
  return [...document.querySelectorAll("fieldset .row")]
    .filter((row) => !row.closest("[hidden]"))
    .map((row) => {
      const [name, value] = row.querySelectorAll("input");
      return { prefix: row.parentElement.dataset.prefix, name: name.value, value: value.value };
    })
    .filter((row) => row.name !== "");
}

/** Build the form. `onChange` is called after each change of a value. */
export function buildForm(onChange) {
  for (const fieldset of document.querySelectorAll("fieldset[data-prefix]")) {
    const add = button("Add", () => {
      addRow(fieldset, "", "", onChange).querySelector("input").focus();
      onChange();
    });
    add.classList.add("corner");
    add.setAttribute("aria-label", "Add to " + nameOf(fieldset).toLowerCase());
    fieldset.querySelector("legend").after(add);
    for (const [name, value] of JSON.parse(fieldset.dataset.defaults)) addRow(fieldset, name, value, onChange);
  }
  for (const event of Object.keys(EXAMPLES)) {
    const option = element("option", "GA4 " + event);
    option.value = event;
    byId("ga4-events").append(option);
  }
  byId("kind").addEventListener("change", () => {
    showKind(ga4Event());
    onChange();
  });
  byId("form").addEventListener("input", onChange);
  // A browser restores the choice, but not the fields, when the page is reloaded.
  showKind(ga4Event());
}

function showKind(event) {
  byId("own").hidden = event !== "";
  byId("ga4").hidden = event === "";
  if (!event) return;
  const text = JSON.stringify({ event, ...EXAMPLES[event] }, null, 2);
  byId("ga4-push").value = text;
  byId("ga4-push").rows = Math.min(text.split("\n").length, GA4_LINE_HEIGHT_ROWS);
  byId("ga4-hint").textContent = hintFor(event);
}

function nameOf(fieldset) {
  return fieldset.querySelector("legend .kind").textContent;
}

function addRow(fieldset, name, value, onChange) {
  const row = element("div", undefined, "row");
  row.append(textField(nameOf(fieldset), "name", name), textField(nameOf(fieldset), "value", value));
  const remove = button("×", () => {
    const next = row.nextElementSibling?.querySelector("button") ?? fieldset.querySelector(".corner");
    row.remove();
    // Otherwise the focus would go back to the top of the page.
    next.focus();
    onChange();
  }, "");
  remove.setAttribute("aria-label", "Remove this row of " + nameOf(fieldset).toLowerCase());
  row.append(remove);
  fieldset.append(row);
  return row;
}

function textField(kind, label, content) {
  const input = element("input");
  input.value = content;
  input.autocomplete = "off";
  input.autocapitalize = "none";
  input.spellcheck = false;
  input.placeholder = label;
  input.setAttribute("aria-label", kind + ": " + label);
  return input;
}
