// What the site pushes for the form, and where the container for it is.

import { copyButton } from "./copy.js";
import { byId, setText } from "./dom.js";
import { endpoint, ga4Event, rows } from "./form.js";
import { shorten, token } from "./senders.js";

// The data layer key of a parameter, by the parameter's prefix.
const DATA_LAYER_KEYS = { evat_: "attributes", evmt_: "metrics", usat_: "user" };
// Fields of the form that are sent only if they are filled in, and their data layer keys.
const OPTIONAL = { "event-id": "event_id", timestamp: "timestamp" };
const CONSENT_TYPE = "analytics_storage";

export class PushError extends Error {}

/** The messages that a site pushes, in order. Throws PushError for JSON that is none. */
export function pushedMessages(idToken) {
  const pushed = ga4Event() ? ga4Message() : ownMessage();
  for (const { prefix, name, value } of rows()) {
    const key = DATA_LAYER_KEYS[prefix];
    pushed[key] = { ...pushed[key], [name]: value };
  }
  if (idToken) pushed.id_token = idToken;
  // As GA4's documentation says: otherwise the values of an earlier event would stay.
  return "ecommerce" in pushed ? [{ ecommerce: null }, pushed] : [pushed];
}

/** What the site tells gtag() about consent before it pushes: its arguments, or null for nothing. */
export function consentCommand() {
  const state = byId("consent").value;
  return ["granted", "denied"].includes(state) ? ["consent", "default", { [CONSENT_TYPE]: state }] : null;
}

/** The query that names the container for the form. */
export function containerQuery() {
  const query = new URLSearchParams(ga4Event() ? { ga4: ga4Event() } : {});
  for (const [field, parameter] of Object.entries(ga4Event() ? {} : OPTIONAL)) {
    if (byId(field).value) query.append("parameter", parameter);
  }
  if (byId("consent").value) query.append("consent", CONSENT_TYPE);
  for (const { prefix, name } of rows()) query.append("parameter", prefix + name);
  return query.toString();
}

/** What the site runs for the form, as code. */
export function siteCode(idToken) {
  const pushes = pushedMessages(idToken).map((message) => "dataLayer.push(" + JSON.stringify(message, null, 2) + ");");
  const command = consentCommand();
  if (command) pushes.unshift("gtag(" + command.map((one) => JSON.stringify(one)).join(", ") + ");");
  return pushes.join("\n");
}

export function startPush() {
  byId("push-copies").append(copyButton("the push", codeIfAny, "Copy the push"));
}

/** Show the push, with a token that is short enough to read. */
export function showPush() {
  try {
    setText(byId("push"), siteCode(token() && shorten(token())));
    byId("ga4-push").removeAttribute("aria-invalid");
  } catch (error) {
    setText(byId("push"), error.message);
    byId("ga4-push").setAttribute("aria-invalid", "true");
  }
}

/** Nothing for JSON that is no push: the page says so already. */
function codeIfAny() {
  try {
    return siteCode(token());
  } catch {
    return "";
  }
}

function ownMessage() {
  const pushed = { event: byId("event").value, endpoint_id: endpoint() };
  for (const [field, key] of Object.entries(OPTIONAL)) if (byId(field).value) pushed[key] = byId(field).value;
  return pushed;
}

function ga4Message() {
  let read;
  try {
    read = JSON.parse(byId("ga4-push").value);
  } catch (error) {
    throw new PushError("The push is not JSON: " + error.message + ".");
  }
  if (typeof read !== "object" || read === null || typeof read.event !== "string") {
    throw new PushError('The push must be a JSON object with an event: {"event": "purchase", …}.');
  }
  const { event, ...rest } = read;
  return { event, endpoint_id: endpoint(), ...rest };
}
