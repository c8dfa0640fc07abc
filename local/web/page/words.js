// The words for outcomes, each with its tone: good, bad, wait (it may still change) or plain.

export const STATES = {
  refused: { text: "Refused", tone: "bad" },
  queued: { text: "In the queue", tone: "wait" },
  recorded: { text: "Recorded", tone: "good" },
  rejected: { text: "Rejected", tone: "bad" },
  retried: { text: "To retry", tone: "wait" },
  dead_lettered: { text: "Dead-lettered", tone: "bad" },
};

export const OUTCOMES = {
  recorded: { text: "Recorded", tone: "good" },
  rejected: { text: "Rejected", tone: "bad" },
  retried: { text: "Retried", tone: "wait" },
  dead_lettered: { text: "Dead-lettered", tone: "bad" },
  failed: { text: "Failed", tone: "bad" },
  repeated: { text: "Failed", tone: "wait" },
  waiting: { text: "Not called yet", tone: "plain" },
};

export const UPDATES = {
  applied: { text: "Updated", tone: "good" },
  repeated: { text: "Up to date", tone: "good" },
  denied: { text: "Update denied", tone: "bad" },
  none: { text: "Not changed", tone: "plain" },
};

export const TAG_OUTCOMES = {
  sent: { text: "Sending…", tone: "wait" },
  succeeded: { text: "Succeeded (onload)", tone: "good" },
  failed: { text: "Failed (onerror)", tone: "bad" },
};

/** The state of an event of which only the tag is known. */
export const TAG_STATES = {
  sent: { text: "Sending…", tone: "wait" },
  succeeded: { text: "Sending…", tone: "wait" },
  failed: { text: "Failed", tone: "bad" },
};

export const MARKS = { good: "✓", bad: "✕", wait: "…", plain: "·" };

/** The outcome for a word of the run; the word itself if it is a new one. */
export function outcome(words, word) {
  return words[word] ?? { text: String(word), tone: "plain" };
}

/** "a", "a and b", "a, b and c". */
export function list(names) {
  return names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names.at(-1);
}
