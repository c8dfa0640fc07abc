// What became of an event, in a title and a sentence.

import { changesOf, startOf, visible } from "./hops.js";
import { clockText, duration } from "./times.js";
import { STATES, list, outcome } from "./words.js";

/** {tone, title, why, redrives}. `redrives` has the ids of the messages that a redrive sends again. */
export function outcomeOf(event, { answers, sends, keepsOnce }) {
  const state = event.trace?.state ?? event.summary?.state;
  if (!state) return underWay(event, answers);
  const { text, tone } = outcome(STATES, state);
  if (event.trace?.isGone) return { tone, title: text, why: "The run no longer has the steps of this event.", redrives: [] };
  const hops = event.trace?.hops ?? [];
  const described = DESCRIBED[state] ?? (() => "");
  return { tone, title: text, redrives: [], ...asOutcome(described(hops, event, { sends, keepsOnce }), text) };
}

/** Where to find the messages that a redrive sends again. */
function messagesOf(hops) {
  return hops.filter(({ hop }) => hop === "queue").map(({ message_id: id }) => id);
}

function asOutcome(described, title) {
  return typeof described === "string" ? { title, why: described } : described;
}

function underWay(event, answers) {
  if (event.tag?.outcome !== "failed") {
    return { tone: "wait", title: "Sending…", why: "The tag calls the URL.", redrives: [] };
  }
  const why = answers ? "The browser got no image." : "The local run does not respond. Is it still running?";
  return { tone: "bad", title: "The tag failed", why, redrives: [] };
}

const DESCRIBED = {
  refused: (hops) => {
    const gateway = hops.find(({ hop }) => hop === "gateway");
    return gateway ? { title: "Refused: HTTP " + gateway.status, why: gateway.why + " Nothing was queued." } : "";
  },
  queued: () => "The function fetches it in a moment.",
  recorded: (hops, event, { sends, keepsOnce }) => {
    const places = hops.filter((hop) => hop.hop === "destination" && hop.outcome === "recorded");
    // Destinations are called at the same time: by name, the sentence is always the same.
    const names = [...new Set(places.map(({ destination }) => destination))].sort();
    const last = Math.max(...places.map(({ at, ms }) => at + (ms ?? 0)));
    const after = names.length ? ", " + duration(last - startOf(event)) + " after the " + (event.tag ? "click" : "request") : "";
    return {
      title: names.length ? "Recorded in " + list(names) + after : "Recorded",
      why: [
        ...duplicateSentences(hops),
        ...onceSentences(sends, keepsOnce.filter((name) => names.includes(name))),
        ...profileSentences(hops),
        ...lostSentences(hops),
      ].join(" "),
    };
  },
  rejected: (hops) => lastWhy(hops, "rejected"),
  retried: (hops) => {
    const next = hops.filter(({ hop }) => hop === "queue").at(-1);
    const when = next?.delay_seconds ? " Next try at " + clockText(next.at + next.delay_seconds * 1000) + "." : "";
    return notIn("Not yet in ", lacking(hops, "retried")) + lastWhy(hops, "retried") + when;
  },
  dead_lettered: (hops) => {
    const why = notIn("Not in ", lacking(hops, "dead_lettered")) + lastWhy(hops, "dead_lettered");
    return { title: "Dead-lettered", why, redrives: messagesOf(hops) };
  },
};

function notIn(words, names) {
  return names.length ? words + list(names) + ". " : "";
}

/** The destinations whose last request ended so. */
function lacking(hops, outcomeWord) {
  const last = new Map();
  for (const hop of hops) if (hop.hop === "destination") last.set(hop.destination, hop.outcome);
  return [...last].filter(([, word]) => word === outcomeWord).map(([name]) => name);
}

/** The last words on an outcome: from the destination, else from the function, else from the queue. */
function lastWhy(hops, outcomeWord) {
  const ended = hops.filter((hop) => hop.outcome === outcomeWord && (hop.why || hop.reason));
  const said = ended.filter(({ hop }) => hop === "destination").at(-1) ?? ended.at(-1);
  return (said ?? hops.at(-1))?.why ?? "";
}

/** What is shown is what another message of the same event sent. */
function duplicateSentences(hops) {
  return hops.filter(({ duplicates }) => duplicates > 0).map(({ why }) => why);
}

/** What became of an event that was sent before, or after. */
function onceSentences(sends, places) {
  return sends > 1 && places.length ? ["The event was sent " + sends + " times: " + list(places) + " keeps it once."] : [];
}

/** What was dropped, which a look at the profile does not show. A retry drops the same once more. */
function lostSentences(hops) {
  return [...new Set(hops.filter(({ lost }) => lost).map(({ lost }) => lost))];
}

function profileSentences(hops) {
  return hops.filter(({ hop }) => hop === "profile").map((hop) => {
    if (hop.update === "denied") return notUpdated(hop.why);
    if (hop.update !== "applied") return "Profile not changed. " + (hop.why ?? "");
    const changed = visible(changesOf(hop)).map(({ name, after }) => name + " is now " + after);
    const updated = changed.length ? "Profile updated: " + changed.join(", ") + "." : "";
    return [updated, hop.why].filter(Boolean).join(" ");
  });
}

/** "Not updated: plan. …", said of the profile. */
function notUpdated(why) {
  return why.startsWith("Not updated") ? "Profile n" + why.slice(1) : "Profile not updated. " + why;
}
