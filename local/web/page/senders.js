// Who sends the event: in the authenticated scenario, a demo user with or without a valid token.

import { NO_RESPONSE, signIn } from "./api.js";
import { byId, setText } from "./dom.js";
import { clockText } from "./times.js";

const ANONYMOUS_ENDPOINT = byId("endpoint").value;
const SENDS_OWN_ENDPOINT = ["user", "expired"];
const TOKEN_END_LENGTH = 6;

let identity = null;

/** The token that the chosen sender sends; empty for none. */
export function token() {
  if (!identity || sender() === "nobody") return "";
  return sender() === "expired" ? identity.expired_token : identity.token;
}

/** A token that is recognizable, and short enough to show. */
export function shorten(text) {
  return text.slice(0, TOKEN_END_LENGTH) + "…" + text.slice(-TOKEN_END_LENGTH);
}

/** Sign in the first demo user. `onChange` is called whenever the sender or their endpoint is set. */
export async function startSenders(onChange) {
  byId("sign-up").addEventListener("click", () => {
    enter("demo-" + Math.random().toString(36).slice(2, 8), onChange).catch(() => {
      setText(byId("identity"), NO_RESPONSE);
    });
  });
  for (const choice of document.querySelectorAll("[name=sender]")) {
    choice.addEventListener("change", () => setEndpoint(onChange));
  }
  byId("endpoint").addEventListener("input", showIdentity);
  await enter("demo", onChange);
}

/** Sign the demo user in again if their token has expired meanwhile, as a site's session does. */
export async function renew() {
  if (identity && sender() !== "nobody" && expiry(identity.token) <= Date.now()) {
    identity = (await signIn(identity.user)) ?? identity;
    showIdentity();
  }
}

async function enter(user, onChange) {
  const signedIn = await signIn(user);
  if (!signedIn) return;
  identity = signedIn;
  byId("senders").hidden = false;
  if (sender() === "nobody") document.querySelector("[name=sender][value=user]").checked = true;
  setEndpoint(onChange);
}

/** Put the sender's endpoint into the form, where it can still be edited. */
function setEndpoint(onChange) {
  byId("endpoint").value = SENDS_OWN_ENDPOINT.includes(sender()) ? identity.endpoint_id : ANONYMOUS_ENDPOINT;
  showIdentity();
  onChange();
}

/** Say who is signed in, and what the token proves about the endpoint in the form. */
function showIdentity() {
  setText(byId("identity"), identityText());
}

function identityText() {
  if (sender() === "nobody") return "Nobody is signed in: no token is sent, and no profile is updated.";
  const { user, endpoint_id: proven } = identity;
  const until = clockText(expiry(token()));
  if (sender() === "expired") {
    return user + "'s session has ended: the token expired at " + until + " and proves nothing.";
  }
  const signedIn = "Signed in as " + user + ": the token is valid until " + until + " and proves ";
  return byId("endpoint").value === proven
    ? signedIn + "this endpoint."
    : signedIn + "the endpoint " + proven + ". The form has another one, so its profile is not updated.";
}

/** When a token expires, in epoch milliseconds. */
function expiry(jwt) {
  const payload = jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  return JSON.parse(atob(payload)).exp * 1000;
}

function sender() {
  return document.querySelector("[name=sender]:checked").value;
}
