// The list of arrivals: events in their destinations, and rejected messages.

import { NO_RESPONSE, getJson } from "./api.js";
import { byId, element } from "./dom.js";

const MAX_ITEMS = 100;
const POLL_MILLISECONDS = 500;

let position = 0;
const counts = { event: 0, rejected: 0 };
const events = new Map();

/** Poll the run for as long as the page is open. `onEvents` is called after events have arrived. */
export async function pollArrivals(destinations, onEvents) {
  try {
    const news = await getJson("/arrivals?after=" + position);
    const anyEvent = showArrivals(news, destinations());
    if (anyEvent) onEvents();
  } catch {
    byId("empty").hidden = false;
    byId("empty").textContent = NO_RESPONSE + " Is it still running?";
  }
  setTimeout(pollArrivals, POLL_MILLISECONDS, destinations, onEvents);
}

/** Add new arrivals to the list. Returns whether any of them is an event. */
function showArrivals(news, destinations) {
  position = news.next;
  const list = byId("arrivals");
  const changed = new Set();
  for (const arrival of news.arrivals) {
    if (arrival.kind === "event") {
      const event = eventOf(arrival);
      event.arrivals.push(arrival);
      changed.add(event);
    } else {
      counts.rejected += 1;
      list.prepend(rejectedItem(arrival));
    }
  }
  for (const event of changed) {
    showEvent(event, destinations);
    if (!event.item.isConnected) list.prepend(event.item);
  }
  while (list.childElementCount > MAX_ITEMS) list.lastElementChild.remove();
  for (const event of changed) if (!event.item.isConnected) events.delete(event.key);
  showCounts(news);
  byId("empty").hidden = list.childElementCount > 0;
  byId("empty").textContent = "Nothing yet. Press “Send event”.";
  return changed.size > 0;
}

function showCounts(news) {
  byId("event-count").textContent = counts.event;
  byId("rejected-count").textContent = counts.rejected;
  byId("retried-count").textContent = news.retried;
  byId("dead-count").textContent = news.dead_letters;
  byId("reasons").textContent = news.reasons.join(" · ");
}

/** The event of an arrival. An event arrives once in each destination. */
function eventOf(arrival) {
  const key = arrival.event_key;
  if (!events.has(key)) {
    counts.event += 1;
    events.set(key, { key, item: element("li"), arrivals: [] });
  }
  return events.get(key);
}

function showEvent({ item, arrivals }, destinations) {
  const event = arrivals[0];
  const slowest = Math.max(...arrivals.map((arrival) => arrival.delay_ms));
  const top = element("div", undefined, "top");
  top.append(element("h3", event.event), element("span", "recorded after " + duration(slowest), "delay"));
  item.replaceChildren(
    top,
    element("p", "endpoint " + event.endpoint_id + " · " + event.timestamp, "meta"),
    places(arrivals, destinations),
  );
  const chips = element("ul", undefined, "chips");
  chips.setAttribute("aria-label", "Event attributes and metrics");
  for (const [name, value] of Object.entries({ ...event.attributes, ...event.metrics })) {
    chips.append(element("li", name + " = " + value));
  }
  if (chips.childElementCount) item.append(chips);
  item.append(profileUpdate(arrivals));
}

/** Where the event is recorded, how often if more than once, and where it is missing. */
function places(arrivals, destinations) {
  const list = element("ul", undefined, "chips places");
  list.setAttribute("aria-label", "Recorded in");
  for (const destination of new Set([...destinations, ...arrivals.map((arrival) => arrival.destination)])) {
    const times = arrivals.filter((arrival) => arrival.destination === destination).length;
    const text = destination + (times > 1 ? ", " + times + " times" : times ? "" : ": not yet");
    list.append(element("li", text, times ? "" : "waiting"));
  }
  return list;
}

/** The event's profile updates in the destinations that keep profiles. */
function profileUpdate(arrivals) {
  const keeping = arrivals.filter((arrival) => arrival.keeps_profiles);
  const updating = keeping.filter((arrival) => Object.keys(arrival.user_attributes).length);
  if (!updating.length) return element("p", "profile not changed", "profile");
  const updates = Object.entries(Object.assign({}, ...updating.map((arrival) => arrival.user_attributes)))
    .map(([name, values]) => name + " = " + values.join(", "));
  const where = updating.length < keeping.length ? " in " + updating[0].destination : "";
  return element("p", "profile updated" + where + ": " + updates.join("; "), "profile updated");
}

function rejectedItem(rejection) {
  const item = element("li");
  item.append(
    element("h3", "Rejected: " + rejection.reason, "bad"),
    element("p", "message " + rejection.message_id, "meta"),
  );
  return item;
}

function duration(milliseconds) {
  return Math.abs(milliseconds) < 1000 ? milliseconds + " ms" : (milliseconds / 1000).toFixed(1) + " s";
}
