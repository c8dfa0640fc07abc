// Starts the page: the form, the senders, the list of arrivals and the profile.

import { NO_RESPONSE, getJson } from "./api.js";
import { pollArrivals } from "./arrivals.js";
import { byId, element } from "./dom.js";
import { buildForm, showPush } from "./form.js";
import { refreshProfiles } from "./profiles.js";
import { startSenders } from "./senders.js";
import { showProblem, startSending } from "./tag.js";

let ready = false;
let destinations = [];

async function start() {
  const [outputs, notes] = await Promise.all([getJson("/outputs"), getJson("/notes")]);
  destinations = outputs.destinations;
  for (const destination of destinations) byId("destinations").append(element("li", destination));
  for (const note of notes) byId("notes").append(element("li", note));
  showPush();
  if (outputs.auth_mode === "authenticated") {
    await startSenders(() => {
      showPush();
      refreshProfiles();
    });
  }
  await refreshProfiles();
  for (const [name, value] of Object.entries(outputs).sort()) {
    byId("outputs").append(element("dt", name), element("dd", shown(value)));
  }
  const origin = new URL(outputs.events_url, location.href).origin;
  ready = origin === location.origin;
  if (!ready) showProblem("Open this page at " + origin + "/ to send events from it.");
}

function shown(output) {
  if (typeof output === "string") return output;
  return Array.isArray(output) ? output.join(", ") : JSON.stringify(output);
}

buildForm();
startSending(() => ready);
byId("endpoint").addEventListener("input", refreshProfiles);
start().catch(() => showProblem(NO_RESPONSE));
pollArrivals(() => destinations, refreshProfiles);
