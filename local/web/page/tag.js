// Sends the event: runs the exported container in the fake GTM and shows the outcome of its tag.

import { ContainerError, NO_RESPONSE, getContainer } from "./api.js";
import { byId, element } from "./dom.js";
import { containerUrl, pushedMessage, shorten } from "./form.js";
import { token } from "./senders.js";

let sent = { url: "", outcome: "", status: 0 };
let fakeGtm = null;

export function startSending(isReady) {
  byId("form").addEventListener("submit", (submit) => {
    submit.preventDefault();
    if (!isReady()) return;
    send().catch((error) => {
      showProblem(error instanceof ContainerError ? "No container: " + error.message : NO_RESPONSE);
    });
  });
  watchStatus();
}

export function showProblem(text) {
  byId("response").replaceChildren(element("span", text, "bad"));
}

/** As GTM does on a page view with one event: load the container, then read the site's push. */
async function send() {
  const container = await getContainer(containerUrl());
  if (fakeGtm) fakeGtm.stop();
  window.dataLayer = [];
  fakeGtm = window.GtmFake.run(container, { onTag });
  const before = sent;
  window.dataLayer.push(pushedMessage(token()));
  if (sent === before) showProblem("No tag fired: the event name is empty or is not a custom event.");
}

/** Called by the fake GTM for each tag: when it is sent, and when it ends. */
function onTag(report) {
  const url = new URL(report.url, location.href).href;
  if (report.outcome === "sent") {
    sent = { url, outcome: "", status: 0 };
    const idToken = token();
    byId("url").textContent = idToken ? report.url.replace(idToken, shorten(idToken)) : report.url;
  } else if (url === sent.url) {
    sent.outcome = report.outcome;
  }
  showResponse();
}

/** Only resource timing knows the status. Its entry can come before or after the image's event. */
function watchStatus() {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name !== sent.url || !entry.responseStatus) continue;
      sent.status = entry.responseStatus;
      if (sent.outcome) showResponse();
    }
    performance.clearResourceTimings();
  }).observe({ type: "resource" });
}

function showResponse() {
  if (!sent.outcome) {
    byId("response").replaceChildren(element("span", "Sending…"));
    return;
  }
  const succeeded = sent.outcome === "succeeded";
  const status = sent.status ? "HTTP " + sent.status : "The browser does not show the HTTP status";
  byId("response").replaceChildren(
    element(
      "strong",
      succeeded ? "The tag succeeded (onload)" : "The tag failed (onerror)",
      succeeded ? "good" : "bad",
    ),
    element("span", status + (succeeded ? ". The event is in the queue." : ". The event is not in the queue.")),
  );
}
