// The timeline of one event. Rows stay the same elements while they change, so that the focus and what is open stay.

import { copyButton } from "./copy.js";
import { byId, element, group, hide, setText } from "./dom.js";
import { detailsOf } from "./hop_details.js";
import { rowsOf, startOf } from "./hops.js";
import { outcomeOf } from "./outcome.js";
import { offset, time } from "./times.js";
import { MARKS } from "./words.js";

// The names of the rows that are open: they are open in the next event's timeline, too.
const opened = new Set();
// Below the outcome, whose text can still grow.
const FIRST_STEPS_PIXELS = 320;
let shown = { key: null, rows: new Map() };

/** Show an event's timeline, or none. */
export function showTimeline(event, { expected, answers, sends }) {
  if (event?.key !== shown.key) {
    byId("timeline").replaceChildren();
    shown = { key: event?.key ?? null, rows: new Map() };
    showCopies(event);
  }
  if (!event) return;
  showOutcome(outcomeOf(event, { answers, sends, keepsOnce: expected.keepsOnce }));
  const rows = rowsOf(event, expected);
  for (const [key, made] of shown.rows) {
    if (rows.some((row) => row.key === key)) continue;
    made.item.remove();
    shown.rows.delete(key);
  }
  for (const [index, row] of rows.entries()) showRow(row, index, startOf(event));
}

/** Bring the outcome and the first steps into view if they are not. */
export function bringIntoView() {
  const { top } = byId("timeline-card").getBoundingClientRect();
  if (top >= 0 && byId("outcome").getBoundingClientRect().bottom + FIRST_STEPS_PIXELS < innerHeight) return;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("timeline-card").scrollIntoView({ behavior: isStill ? "auto" : "smooth", block: "start" });
}

export function showOutcome({ tone, title, why, redrives }) {
  byId("outcome").className = "outcome " + tone;
  setText(byId("outcome-title"), title);
  setText(byId("outcome-why"), why);
  hide(byId("redrive"), !redrives.length, byId("timeline-title"));
  byId("redrive").dataset.ids = JSON.stringify(redrives);
}

function showCopies(event) {
  const copy = event && copyButton("the trace as JSON", () => JSON.stringify({ tag: withoutToken(event.tag), ...event.trace }, null, 2), "Copy as JSON");
  byId("timeline-copies").replaceChildren(...(copy ? [copy] : []));
  setText(byId("timeline-title"), event ? "Timeline of " + nameOf(event) : "Timeline");
}

/** What to call an event. */
export function nameOf(event) {
  if (event.summary) return event.summary.event || "an event without a name";
  return new URL(event.tag.url).searchParams.get("event") || "an event without a name";
}

function withoutToken(tag) {
  return tag && { ...tag, url: tag.shownUrl };
}

function showRow(row, index, start) {
  const now = JSON.stringify(row);
  let made = shown.rows.get(row.key);
  if (made?.was === now) return;
  if (!made) {
    made = makeRow(row);
    shown.rows.set(row.key, made);
    const list = byId("timeline");
    list.insertBefore(made.item, list.children[index] ?? null);
  }
  made.was = now;
  made.row = row;
  made.item.className = row.outcome.tone;
  made.head.replaceChildren(...headOf(row, start));
  if (made.details?.open) fill(made);
}

function makeRow(row) {
  const item = element("li");
  if (!row.hop) {
    const head = element("div", undefined, "hop");
    item.append(head);
    return { item, head };
  }
  const head = element("summary", undefined, "hop");
  const details = group("details", "", head);
  const made = { item, head, details, row };
  details.open = opened.has(row.name);
  details.addEventListener("toggle", () => {
    opened[details.open ? "add" : "delete"](made.row.name);
    if (details.open) fill(made);
  });
  item.append(details);
  return made;
}

/** Write what went over a step, and keep the focus on the button that had it. */
function fill(made) {
  const focused = made.details.contains(document.activeElement) && document.activeElement.dataset.copies;
  made.details.replaceChildren(made.head, group("div", "over", ...detailsOf(made.row.hop)));
  if (focused) made.details.querySelector(`[data-copies="${focused}"]`)?.focus({ preventScroll: true });
}

function headOf({ name, hop, outcome, why }, start) {
  const mark = element("span", MARKS[outcome.tone], "mark");
  mark.setAttribute("aria-hidden", "true");
  const when = element("span", undefined, "when");
  if (hop) when.append(time(hop.at), " ", element("span", hop.hop === "tag" ? "" : offset(hop.at - start), "offset"));
  return [
    mark,
    element("span", name, "name"),
    element("span", outcome.text, "result"),
    when,
    why && element("span", why, "why"),
  ].filter(Boolean);
}
