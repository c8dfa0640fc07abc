// The list of events. A button opens the timeline of each.

import { byId, element, group, setText } from "./dom.js";
import { startOf } from "./hops.js";
import { nameOf } from "./timeline.js";
import { allEvents } from "./traces.js";
import { time } from "./times.js";
import { STATES, TAG_STATES, outcome } from "./words.js";

const MAX_ITEMS = 100;

// By key: the list item, its button, and what it showed last.
const items = new Map();

/** Show every event, newest first. `open(key)` is called for the one whose button is pressed. */
export function showEvents(openKey, open) {
  const newest = allEvents()
    .sort((one, other) => startOf(other) - startOf(one))
    .slice(0, MAX_ITEMS);
  const keys = new Set(newest.map(({ key }) => key));
  for (const [key, { item }] of items) {
    if (keys.has(key)) continue;
    item.remove();
    items.delete(key);
  }
  for (const [index, event] of newest.entries()) place(event, index, event.key === openKey, open);
  byId("empty").hidden = newest.length > 0;
  showCounts();
}

function place(event, index, isOpen, open) {
  if (!items.has(event.key)) {
    const made = element("button", undefined, "event");
    made.type = "button";
    made.addEventListener("click", () => open(event.key));
    items.set(event.key, { item: group("li", "", made), made, was: "" });
  }
  const known = items.get(event.key);
  const state = event.summary ? outcome(STATES, event.summary.state) : TAG_STATES[event.tag.outcome];
  const now = state.text + nameOf(event);
  if (known.was !== now) {
    known.was = now;
    known.made.replaceChildren(
      element("span", nameOf(event), "name"),
      element("span", state.text, "tint " + state.tone),
      element("span", endpointOf(event), "soft"),
      time(startOf(event), { exact: false }),
    );
  }
  if (isOpen) known.made.setAttribute("aria-current", "true");
  else known.made.removeAttribute("aria-current");
  // Moving an element takes the focus away, so that one in the right place is left alone.
  const list = byId("events");
  if (list.children[index] !== known.item) list.insertBefore(known.item, list.children[index] ?? null);
}

function endpointOf(event) {
  const endpoint = event.summary ? event.summary.endpoint_id : new URL(event.tag.url).searchParams.get("endpoint_id");
  return endpoint || "no endpoint id";
}

function showCounts() {
  const counts = new Map();
  for (const { summary } of allEvents()) {
    if (summary) counts.set(summary.state, (counts.get(summary.state) ?? 0) + 1);
  }
  const shown = [...counts].map(([state, count]) => count + " " + outcome(STATES, state).text.toLowerCase());
  if (allEvents().length > MAX_ITEMS) shown.push("the newest " + MAX_ITEMS + " are listed");
  setText(byId("counts"), shown.join(" · "));
  byId("counts").hidden = !shown.length;
  byId("redrive-all").hidden = (counts.get("dead_lettered") ?? 0) === 0;
}
