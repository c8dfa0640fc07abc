// Who sends the event: in the authenticated scenario, a demo user with or without a valid token.

import { NO_RESPONSE, signIn } from "./api.js";
import { byId } from "./dom.js";

const ANONYMOUS_ENDPOINT = byId("endpoint").value;
const SENDS_OWN_ENDPOINT = ["user", "expired"];

let identity = null;

/** The token that the chosen sender sends; empty for none. */
export function token() {
  if (!identity || sender() === "nobody") return "";
  return sender() === "expired" ? identity.expired_token : identity.token;
}

/** Sign in the first demo user. `onChange` is called whenever the sender's endpoint is set. */
export async function startSenders(onChange) {
  byId("sign-up").addEventListener("click", () => {
    enter("demo-" + Math.random().toString(36).slice(2, 8), onChange).catch(() => {
      byId("identity").textContent = NO_RESPONSE;
    });
  });
  for (const choice of document.querySelectorAll("[name=sender]")) {
    choice.addEventListener("change", () => setEndpoint(onChange));
  }
  await enter("demo", onChange);
}

async function enter(user, onChange) {
  const signedIn = await signIn(user);
  if (!signedIn) return;
  identity = signedIn;
  byId("identity").textContent =
    "Signed in as " + identity.user + ". The token proves the endpoint " + identity.endpoint_id + ".";
  byId("senders").hidden = false;
  setEndpoint(onChange);
}

/** Put the sender's endpoint into the form, where it can still be edited. */
function setEndpoint(onChange) {
  byId("endpoint").value = SENDS_OWN_ENDPOINT.includes(sender()) ? identity.endpoint_id : ANONYMOUS_ENDPOINT;
  onChange();
}

function sender() {
  return document.querySelector("[name=sender]:checked").value;
}
