// The container for her own site: made for the address that she types.

import { NO_RESPONSE, RunError } from "./api.js";
import { byId, element, setText } from "./dom.js";

const LOOPBACK = /^https?:\/\/(127\.|localhost(?![\w.-])|\[::1\])/i;

export function startDownload() {
  byId("download").addEventListener("submit", (submit) => {
    submit.preventDefault();
    download().catch((error) => tell(error instanceof RunError ? error.message : NO_RESPONSE));
  });
  byId("events-url").addEventListener("input", () => tell(warning()));
}

function eventsUrl() {
  return byId("events-url").value.trim();
}

/** An address of this machine makes a container for this machine, which no visitor can reach. */
function warning() {
  if (!LOOPBACK.test(eventsUrl()) || !URL.canParse(eventsUrl())) return "";
  return "This container will work on this machine only: no visitor reaches " + new URL(eventsUrl()).host + ".";
}

async function download() {
  if (!eventsUrl()) {
    byId("events-url").focus();
    return tell("Enter the events URL of your stack first.");
  }
  const query = new URLSearchParams({ events_url: eventsUrl() });
  const response = await fetch("/gtm/download?" + query, { cache: "no-store" });
  if (!response.ok) throw new RunError((await response.json()).message);
  const link = element("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = fileName(response);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  tell(("Downloaded " + link.download + " for " + eventsUrl() + ". " + warning()).trim());
}

function fileName(response) {
  return response.headers.get("Content-Disposition").split("filename=")[1];
}

function tell(text) {
  setText(byId("download-said"), text);
}
