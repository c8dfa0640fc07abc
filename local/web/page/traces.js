// Every event that the page knows: the tags that it fired itself, and the traces that the run reports.

import { getJson, getJsonIfAny } from "./api.js";

const POLL_MILLISECONDS = 500;
const EAGER_POLL_MILLISECONDS = 120;

// By key, oldest first: {key, tag, summary, trace}. Of an event that this page did not send, `tag` is null.
const events = new Map();
const cleared = new Set();
// The ids of the events that wait for a redrive. They still do after the list was cleared.
const deadLetters = new Set();
let position = 0;
let run = null;
let wanted = null;

export const allEvents = () => [...events.values()];
export const eventOf = (key) => events.get(key) ?? null;
export const countDeadLetters = () => deadLetters.size;

/** How often an event was sent: as one event_id of one endpoint, with the same proof. */
export function sendsOf({ summary }) {
  if (!summary?.event_key) return 1;
  return allEvents().filter((other) => other.summary?.event_key === summary.event_key).length;
}

/** Note what a tag of this page does. Returns the event. */
export function noteTag(tag) {
  const key = "tag-" + tag.gtmcb;
  if (!events.has(key)) events.set(key, { key, tag, summary: null, trace: null });
  return events.get(key);
}

/** Fetch the trace of an event. The run keeps the last ones only. */
export async function load(event) {
  if (!event.summary) return;
  const { id, state, at } = event.summary;
  event.trace = (await getJsonIfAny("/traces/" + encodeURIComponent(id))) ?? { id, state, at, hops: [], isGone: true };
}

/** The event whose trace is fetched, and fetched again after each change. */
export function want(key) {
  wanted = key;
}

export function clear() {
  for (const event of events.values()) if (event.summary) cleared.add(event.summary.id);
  events.clear();
  wanted = null;
}

/** Let the dead letters that were cleared come back to the list, with what becomes of them next. */
export function followDeadLetters() {
  for (const id of deadLetters) cleared.delete(id);
}

/**
 * Ask the run for news as long as the page is open. `onNews` is called after each request. It ends if another run
 * responds: that one knows nothing of the events here.
 */
export async function pollTraces(onNews) {
  try {
    const { run: responding, next, traces } = await getJson("/traces?after=" + position);
    run ??= responding;
    if (run !== responding) return onNews({ answers: true, anyChanged: false, isNewRun: true });
    position = next;
    for (const { id, state } of traces) deadLetters[state === "dead_lettered" ? "add" : "delete"](id);
    const changed = traces.filter((summary) => !cleared.has(summary.id)).map(noteSummary);
    const event = events.get(wanted);
    if (event && (changed.includes(event) || !event.trace)) await load(event);
    onNews({ answers: true, anyChanged: changed.length > 0 });
  } catch {
    onNews({ answers: false, anyChanged: false });
  }
  setTimeout(pollTraces, isUnderWay() ? EAGER_POLL_MILLISECONDS : POLL_MILLISECONDS, onNews);
}

function noteSummary(summary) {
  const own = events.get("tag-" + summary.gtmcb);
  // A URL that was copied and sent again has the cache buster of the first request.
  const isOwn = own && (!own.summary || own.summary.id === summary.id);
  const key = isOwn ? own.key : "trace-" + summary.id;
  if (!events.has(key)) events.set(key, { key, tag: null, summary: null, trace: null });
  return Object.assign(events.get(key), { summary });
}

/** Whether the event on show is about to change. */
function isUnderWay() {
  const event = events.get(wanted);
  if (!event) return false;
  if (!event.summary) return event.tag?.outcome !== "failed";
  return event.summary.state === "queued" || !event.trace;
}
