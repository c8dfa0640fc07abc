// The list of events. A button opens the timeline of each.

import { byId, element, group, hide, setText } from "./dom.js";
import { startOf } from "./hops.js";
import { nameOf } from "./timeline.js";
import { allEvents, countDeadLetters } from "./traces.js";
import { time } from "./times.js";
import { STATES, TAG_STATES, outcome } from "./words.js";

const MAX_ITEMS = 100;

// How the arrow keys and their like move from one event to another.
const MOVES = {
  ArrowDown: (index) => index + 1,
  ArrowUp: (index) => index - 1,
  Home: () => 0,
  End: (index, last) => last,
};

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
  setTabStop(document.activeElement);
  showCounts();
}

/** Let the arrow keys move through the list, which is one stop for the Tab key however long it is. */
export function startEvents() {
  const list = byId("events");
  list.addEventListener("focusin", ({ target }) => setTabStop(target));
  list.addEventListener("keydown", (pressed) => {
    const all = buttons();
    const index = all.indexOf(pressed.target);
    const to = all[MOVES[pressed.key]?.(index, all.length - 1)];
    if (!to || pressed.altKey || pressed.ctrlKey || pressed.metaKey || pressed.shiftKey) return;
    pressed.preventDefault();
    to.focus();
  });
}

/** The Tab key stops at the event that has the focus, else at the open one, else at the newest. */
function setTabStop(focused) {
  const all = buttons();
  const stop = [focused, byId("events").querySelector("[aria-current]"), all[0]].find((one) => all.includes(one));
  for (const one of all) one.tabIndex = one === stop ? 0 : -1;
}

function buttons() {
  return [...byId("events").querySelectorAll("button")];
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
  const dead = countDeadLetters();
  setText(byId("redrive-all"), dead === 1 ? "Redrive 1 dead letter" : "Redrive all " + dead + " dead letters");
  hide(byId("redrive-all"), dead === 0, byId("events-title"));
}
