// The rows of a timeline: one for each step that an event took, and one for each that is still to come.

import { duration } from "./times.js";
import { OUTCOMES, TAG_OUTCOMES, UPDATES, outcome } from "./words.js";

const WAITING = { text: "Not yet", tone: "plain" };

/**
 * The rows of an event, in order. Each has a key, a name, an outcome {text, tone}, and where known its time, its
 * length, a `why` in words, and the `hop` that it shows.
 */
export function rowsOf(event, expected) {
  const hops = event.trace?.hops ?? [];
  const rows = [event.tag ? tagRow(event.tag) : foreignRow()];
  for (const [index, hop] of hops.entries()) rows.push({ key: "hop-" + index, hop, ...DESCRIBED[hop.hop](hop) });
  return [...rows, ...stillToCome(event, hops, expected)];
}

/** When the first step began. */
export function startOf(event) {
  return event.tag?.at ?? event.trace?.at ?? event.summary?.at;
}

/** The attributes of a profile that an event changed: {name, before, after}. */
export function changesOf({ before, after }) {
  return Object.entries(after ?? {})
    .filter(([name, value]) => String(before?.[name] ?? "") !== String(value))
    .map(([name, value]) => ({ name, before: before?.[name], after: value }));
}

/** Without the attributes with which profiles are found: they say who the event is about. */
export function visible(changes) {
  return changes.filter(({ name }) => !name.startsWith("gtm_pixel_"));
}

const DESCRIBED = {
  gateway: (hop) => ({
    name: "Gateway",
    outcome: { text: "HTTP " + hop.status, tone: hop.status === 200 ? "good" : "bad" },
    why: hop.status === 200 ? (hop.authorizer?.why ?? "") : hop.why,
  }),
  queue: (hop) => (hop.queue === "dead_letter_queue" ? deadLetterRow(hop) : queueRow(hop)),
  function: (hop) => ({ name: "Function", outcome: outcome(OUTCOMES, hop.outcome), why: whyOf(hop) }),
  destination: (hop) => ({ name: hop.destination, outcome: outcome(OUTCOMES, hop.outcome), why: whyOf(hop) }),
  profile: (hop) => ({ name: "Profile", outcome: updateOf(hop), why: profileWhy(hop) }),
};

function tagRow(tag) {
  const status = tag.status ? ", HTTP " + tag.status : "";
  const known = TAG_OUTCOMES[tag.outcome];
  return { key: "tag", name: "Tag", hop: tag, outcome: { ...known, text: known.text + status }, why: "" };
}

function foreignRow() {
  const why = "This page did not send it: curl did, or another tab, or this page before it was cleared or reloaded.";
  return { key: "tag", name: "Tag", hop: null, outcome: { text: "Not seen", tone: "plain" }, why };
}

function stillToCome(event, hops, { destinations, keepsProfiles }) {
  const state = event.trace?.state ?? event.summary?.state; // as the outcome
  if (!["queued", undefined].includes(state) || event.tag?.outcome === "failed") return [];
  const names = [];
  if (!hops.some(({ hop }) => hop === "gateway")) names.push("Gateway");
  if (!hops.some(({ hop }) => hop === "queue")) names.push("Queue");
  if (!hops.some(({ hop }) => hop === "function")) names.push("Function");
  const reached = hops.filter(({ hop }) => hop === "destination").map(({ destination }) => destination);
  names.push(...destinations.filter((name) => !reached.includes(name)));
  if (keepsProfiles && !hops.some(({ hop }) => hop === "profile")) names.push("Profile");
  return names.map((name) => ({ key: "later-" + name, name, hop: null, outcome: WAITING, why: "" }));
}

function whyOf(hop) {
  return hop.why ?? hop.reason ?? "";
}

function queueRow(hop) {
  const name = hop.is_redriven ? "Queue, redriven" : hop.attempt ? "Queue, retry " + hop.attempt : "Queue";
  const wait = hop.delay_seconds ? "The next try is " + duration(hop.delay_seconds * 1000) + " later." : "";
  return { name, outcome: { text: "Queued", tone: "good" }, why: wait };
}

function deadLetterRow(hop) {
  return { name: "Dead-letter queue", outcome: { text: "Kept for a redrive", tone: "bad" }, why: "" };
}

function updateOf(hop) {
  return outcome(UPDATES, hop.update === "applied" && !changesOf(hop).length ? "repeated" : hop.update);
}

function profileWhy(hop) {
  if (hop.update !== "applied") return hop.why ?? "";
  const changed = visible(changesOf(hop)).map(({ name, before, after }) =>
    before === undefined ? name + " = " + after + " (new)" : name + " = " + after + " (was " + before + ")",
  );
  return [...(changed.length ? [changed.join(", ")] : []), ...(hop.why ? [hop.why] : [])].join(". ");
}
