// The form: who the event is about, its name, and its attributes and metrics.

import { byId, element } from "./dom.js";
import { token } from "./senders.js";

// The data layer key of a parameter, by the parameter's prefix.
const DATA_LAYER_KEYS = { evat_: "attributes", evmt_: "metrics", usat_: "user" };
const TOKEN_END_LENGTH = 6;

export function endpoint() {
  return byId("endpoint").value;
}

/** The message that a site would push for the values in the form. */
export function pushedMessage(idToken) {
  const pushed = { event: byId("event").value, endpoint_id: endpoint() };
  for (const { prefix, name, value } of rows()) {
    pushed[DATA_LAYER_KEYS[prefix]] = { ...pushed[DATA_LAYER_KEYS[prefix]], [name]: value };
  }
  if (idToken) pushed.id_token = idToken;
  return pushed;
}

/** Where to get the container for the parameters in the form. */
export function containerUrl() {
  const query = new URLSearchParams(rows().map(({ prefix, name }) => ["parameter", prefix + name]));
  return "/gtm/container.json?" + query;
}

/** A token that is recognizable, and short enough to show. */
export function shorten(text) {
  return text.slice(0, TOKEN_END_LENGTH) + "…" + text.slice(-TOKEN_END_LENGTH);
}

export function showPush() {
  const pushed = pushedMessage(token() && shorten(token()));
  byId("push").textContent = "dataLayer.push(" + JSON.stringify(pushed, null, 2) + ")";
  byId("container").href = containerUrl();
}

export function buildForm() {
  for (const fieldset of document.querySelectorAll("fieldset[data-prefix]")) {
    const add = element("button", "Add", "add");
    add.type = "button";
    add.addEventListener("click", () => {
      addRow(fieldset, "", "").querySelector("input").focus();
      showPush();
    });
    fieldset.querySelector("legend").after(add);
    for (const [name, value] of JSON.parse(fieldset.dataset.defaults)) addRow(fieldset, name, value);
  }
  byId("form").addEventListener("input", showPush);
}

/** The rows that have a name. */
function rows() {
  return [...document.querySelectorAll("fieldset .row")]
    .map((row) => {
      const [name, value] = row.querySelectorAll("input");
      return { prefix: row.parentElement.dataset.prefix, name: name.value, value: value.value };
    })
    .filter((row) => row.name !== "");
}

function addRow(fieldset, name, value) {
  const row = element("div", undefined, "row");
  const group = fieldset.querySelector("legend").firstChild.textContent.trim();
  row.append(textField(group, "name", name), textField(group, "value", value));
  const remove = element("button", "×");
  remove.type = "button";
  remove.setAttribute("aria-label", "Remove this row");
  remove.addEventListener("click", () => {
    row.remove();
    showPush();
  });
  row.append(remove);
  fieldset.insertBefore(row, fieldset.querySelector(".hint"));
  return row;
}

function textField(group, label, content) {
  const input = element("input");
  input.value = content;
  input.autocomplete = "off";
  input.autocapitalize = "none";
  input.spellcheck = false;
  input.placeholder = label;
  input.setAttribute("aria-label", group + ": " + label);
  return input;
}
