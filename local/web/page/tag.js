// Sends the event: runs the exported container in the fake GTM and reports what its tag does.

import { getJson } from "./api.js";
import { element } from "./dom.js";
import { ga4Event } from "./form.js";
import { consentCommand, containerQuery, pushedMessages, siteCode } from "./push.js";
import { renew, shorten, token } from "./senders.js";
import { list } from "./words.js";

// The containers that were fetched, by their query.
const containers = new Map();
// The tags that have fired, by the URL that they called.
const tags = new Map();
let fakeGtm = null;

/** Why the push sends no event. */
export class TagError extends Error {}

/**
 * As GTM does on a page view with one event: load the container, then read the site's push. `onTag` is called
 * for the tag when it is sent and whenever more is known. Throws TagError if no tag calls the URL.
 */
export async function send(onTag) {
  if (!window.GtmFake) throw new TagError("GTM did not load: reload the page, and see that nothing blocks /gtm/fake-gtm.js.");
  await renew();
  const at = Date.now();
  const idToken = token();
  const messages = pushedMessages(idToken);
  const consent = consentCommand();
  const code = siteCode(idToken && shorten(idToken));
  const container = await loadContainer();
  if (fakeGtm) fakeGtm.stop();
  window.dataLayer = [];
  let why = whyNoTag(messages.at(-1).event);
  const report = ({ url, outcome, missingConsent }) => {
    if (outcome === "blocked") {
      why = `The tag was blocked: it needs consent to ${list(missingConsent)}, which is denied. Consent that comes later does not send the event.`;
      return;
    }
    if (url === undefined) {
      why = "The tag failed before it called the URL: a value ends within an emoji, and GTM cannot encode half of one.";
      return;
    }
    const called = new URL(url, location.href).href;
    if (outcome === "sent") {
      why = null;
      tags.set(called, tagOf({ at, called, code, idToken }));
    } else {
      Object.assign(tags.get(called), { outcome, ms: Date.now() - at });
    }
    onTag(tags.get(called));
  };
  fakeGtm = window.GtmFake.run(container, { onTag: report });
  if (consent) gtag(...consent);
  window.dataLayer.push(...messages);
  if (why) throw new TagError(why);
}

/** As Google's snippet defines it: what it pushes is the arguments object. */
function gtag() {
  window.dataLayer.push(arguments);
}

/** If no tag fires, the trigger does not match the event. */
function whyNoTag(event) {
  const expected = ga4Event();
  if (expected) return `No tag fired: the container listens for “${expected}”, and the push says “${event}”.`;
  return "No tag fired: the event name is empty or begins with gtm. or gtag., as Google's own events do.";
}

/** Only resource timing knows the status. Its entry can come before or after the image's event. */
export function watchStatus(onTag) {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const tag = tags.get(entry.name);
      if (!tag || !entry.responseStatus) continue;
      tag.status = entry.responseStatus;
      onTag(tag);
    }
    performance.clearResourceTimings();
  }).observe({ type: "resource" });
}

function tagOf({ at, called, code, idToken }) {
  return {
    hop: "tag",
    at,
    ms: null,
    outcome: "sent",
    status: 0,
    code,
    url: called,
    shownUrl: idToken ? called.replace(encodeURIComponent(idToken), shorten(idToken)) : called,
    gtmcb: new URL(called).searchParams.get("gtmcb"),
  };
}

async function loadContainer() {
  const query = containerQuery();
  if (!containers.has(query)) {
    const container = await getJson("/gtm/container.json?" + query);
    // The container's own functions. The page's policy forbids the `eval` with which GTM runs them.
    if (ga4Event()) await loadScript("/gtm/container.js?" + query);
    containers.set(query, container);
  }
  return containers.get(query);
}

function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = element("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}
