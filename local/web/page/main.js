// Starts the page: the form, the senders, the timeline, the list of events and the profile.

import { NO_RESPONSE, RunError, getJson, postJson } from "./api.js";
import { showAws } from "./aws.js";
import { showDestinations } from "./destinations.js";
import { button, byId, element, setText } from "./dom.js";
import { startDownload } from "./download.js";
import { showEvents, startEvents } from "./events.js";
import { buildForm } from "./form.js";
import { refreshProfiles } from "./profiles.js";
import { PushError, showPush, startPush } from "./push.js";
import { complain, say } from "./say.js";
import { startSenders } from "./senders.js";
import { TagError, send, watchStatus } from "./tag.js";
import { bringIntoView, nameOf, showOutcome, showTimeline } from "./timeline.js";
import { allEvents, clear, eventOf, followDeadLetters, load, noteTag, pollTraces, sendsOf, want } from "./traces.js";

const NOTHING_SENT = {
  tone: "",
  title: byId("outcome-title").textContent,
  why: byId("outcome-why").textContent,
  redrives: [],
};
const SENT_NO_EVENT = {
  tone: "bad",
  title: "No event sent",
  why: "The message below “Send event” says why.",
  redrives: [],
};

// A local run that is slow takes a while to give the container away.
const SENDING = { tone: "wait", title: "Sending…", why: "The page loads the container.", redrives: [] };

let ready = false;
let answers = true;
let openKey = null;
// What the last click does as long as it has sent no event: no older one is on show then.
let unsent = null;
let expected = { destinations: [], keepsProfiles: false, keepsOnce: [] };

async function start() {
  const [outputs, notes] = await Promise.all([getJson("/outputs"), getJson("/notes")]);
  for (const note of notes) byId("notes").append(element("li", note));
  for (const [name, value] of Object.entries(outputs).sort()) {
    byId("outputs").append(element("dt", name), element("dd", shown(value)));
  }
  const { profiles } = await getJson("/profile?endpoint_id=anybody");
  expected = {
    destinations: outputs.destinations,
    keepsProfiles: profiles.length > 0,
    keepsOnce: profiles.filter((profile) => profile.keeps_event_once).map(({ destination }) => destination),
  };
  explainSettings(outputs);
  showPush();
  await Promise.all([showDestinations(outputs.destinations), showAws()]);
  if (outputs.auth_mode === "authenticated") {
    await startSenders(() => {
      showPush();
      refreshProfiles();
    });
  }
  await refreshProfiles();
  await firstNews;
  const origin = new URL(outputs.events_url, location.href).origin;
  setReady(origin === location.origin);
  showProblem(ready ? "" : "Open this page at " + origin + "/ to send events from it.");
}

function setReady(isReady) {
  ready = isReady;
  document.body.dataset.ready = isReady;
}

/** What the stack does with the fields of the form. */
function explainSettings({ timestamp_source: source, profile_updates: updates }) {
  byId("timestamp-hint").textContent =
    source === "url"
      ? "This stack reads the timestamp."
      : "This stack ignores the timestamp: timestampSource is " + source + ".";
  if (updates === "none") byId("updates").textContent = "update nothing: profileUpdates is none";
  else if (!expected.keepsProfiles) byId("updates").textContent = "update nothing: no destination keeps profiles";
}

function shown(output) {
  if (typeof output === "string") return output;
  return Array.isArray(output) ? output.join(", ") : JSON.stringify(output);
}

function showProblem(text) {
  setText(byId("problem"), text);
}

function showAll() {
  // On a new page, the newest event is open.
  if (!openKey && !unsent) want((openKey = allEvents().at(-1)?.key ?? null));
  const event = eventOf(openKey);
  showTimeline(event, { expected, answers, sends: event ? sendsOf(event) : 0 });
  if (!event) showOutcome(outcomeWithoutEvent());
  showEvents(openKey, openFromList);
}

function outcomeWithoutEvent() {
  if (!answers) return { tone: "bad", title: "The run has stopped", why: NO_RESPONSE, redrives: [] };
  return unsent ?? NOTHING_SENT;
}

function open(key) {
  unsent = null;
  openKey = key;
  want(key);
  showAll();
}

function showUnsent(outcome) {
  unsent = outcome;
  openKey = null;
  want(null);
  showAll();
}

/** As a link to the timeline would do: the focus goes there. */
async function openFromList(key) {
  await load(eventOf(key)).catch(() => {});
  open(key);
  byId("timeline-title").focus({ preventScroll: true });
  bringIntoView();
  say("Opened the timeline of " + nameOf(eventOf(key)) + ".");
}

function onTag(tag) {
  const event = noteTag(tag);
  if (tag.outcome === "sent") open(event.key);
  else showAll();
}

async function onSubmit() {
  if (!ready) return showProblem(byId("problem").textContent || "The page is still starting. Try again in a moment.");
  showProblem("");
  showUnsent(SENDING);
  try {
    await send(onTag);
    bringIntoView();
  } catch (error) {
    const isKnown = [PushError, RunError, TagError].some((known) => error instanceof known);
    showProblem(isKnown ? error.message : NO_RESPONSE);
    showUnsent(SENT_NO_EVENT);
    byId("problem").scrollIntoView({ block: "nearest" });
  }
}

function onNews(news) {
  const changed = news.anyChanged || answers !== news.answers;
  answers = news.answers;
  setText(byId("run-state"), answers ? "" : NO_RESPONSE);
  if (news.isNewRun) return showNewRun();
  if (changed || openKey) showAll();
  if (news.anyChanged) refreshProfiles();
}

function showNewRun() {
  setReady(false);
  const text = "The local run was started again. What this page shows is from the run before.";
  byId("run-state").replaceChildren(element("span", text), button("Reload the page", () => location.reload()));
  showProblem("Reload the page to send events to the new run.");
}

async function redrive(ids) {
  try {
    const { redriven } = await postJson("/redrive", ids ? { ids } : {});
    say("Redriven: " + redriven + (redriven === 1 ? " message." : " messages."));
  } catch (error) {
    complain(error instanceof RunError ? error.message : NO_RESPONSE);
  }
}

byId("form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  onSubmit();
});
byId("redrive").addEventListener("click", () => redrive(JSON.parse(byId("redrive").dataset.ids)));
byId("redrive-all").addEventListener("click", () => {
  followDeadLetters();
  redrive();
});
byId("clear").addEventListener("click", () => {
  clear();
  open(null);
  say("The list is empty.");
});
byId("endpoint").addEventListener("input", refreshProfiles);

buildForm(showPush);
startPush();
startEvents();
startDownload();
watchStatus(onTag);
const firstNews = new Promise((resolve) => {
  pollTraces((news) => {
    onNews(news);
    resolve();
  });
});
start().catch(() => showProblem(NO_RESPONSE));
