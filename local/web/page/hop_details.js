// What went over a step of the timeline: requests, messages, log lines, metrics, profiles.

import { copyButton } from "./copy.js";
import { element, group } from "./dom.js";
import { changesOf } from "./hops.js";
import { parameterTable, tableOf } from "./parameters.js";
import { duration } from "./times.js";

/** The elements that show a hop. */
export function detailsOf(hop) {
  return DETAILS[hop.hop](hop).filter(Boolean);
}

/** The command that sends a request again. Without the cache buster, which is for browsers. */
export function curlCommand(url) {
  const [address, query] = url.split("?");
  const kept = query.split("&").filter((pair) => !pair.startsWith("gtmcb="));
  return "curl -i '" + address + "?" + kept.join("&").replaceAll("'", "%27") + "'";
}

const QUEUE_HINT =
  "Amazon SQS keeps the event until the function has processed it. The body comes from the sender; the gateway added the attributes.";
const DEAD_LETTER_HINT = "This queue keeps the event until somebody looks at it. Fix the cause, then redrive it.";

const DETAILS = {
  tag: (tag) => [
    hint("The Custom Image tag of the exported container turns the push into this URL, and the browser loads it as an image."),
    buttons(
      copyButton("the URL", () => tag.url, "Copy URL"),
      copyButton("the curl command", () => curlCommand(tag.url), "Copy curl command"),
      copyButton("the push", () => tag.code, "Copy push"),
    ),
    ...part("The push", code(tag.code)),
    ...part("The URL", code(tag.shownUrl)),
    ...part("In it", parameterTable(tag.shownUrl.split("?")[1], "Parameters of the URL")),
  ],
  gateway: (hop) => [
    hint("Amazon API Gateway checks the URL, puts the event into the queue, and only then responds with an image."),
    ...part("Request", code(hop.request.method + " " + hop.request.url)),
    ...part("Request headers", pairs(hop.request.headers)),
    ...(hop.authorizer ? authorizer(hop.authorizer) : []),
    ...part("Response", code("HTTP " + hop.response.status + "\n" + (hop.response.body || "(no body)"))),
    ...part("Response headers", pairs(hop.response.headers)),
  ],
  queue: (hop) => [
    hint(hop.queue === "dead_letter_queue" ? DEAD_LETTER_HINT : QUEUE_HINT),
    ...part("Body, pair by pair", parameterTable(hop.body, "Body of the message")),
    ...part("Body as it is", code(hop.body)),
    ...part("Message attributes", pairs(Object.entries(hop.attributes))),
    ...part("Message id", code(hop.message_id)),
  ],
  function: (hop) => [
    hint("AWS Lambda runs the event processor, which reads the event and sends it to every destination."),
    ...part("Invocation", pairs([
      ["function", hop.function],
      ["request id", hop.request_id],
      ["messages in the batch", hop.messages_in_batch],
      ["reason", hop.reason],
      ["why", hop.why],
    ])),
    ...part("Log lines", code(hop.log_lines.join("\n") || "(none)")),
    ...part("Metrics other than 0", metrics(hop.metrics.filter(({ value }) => value !== 0))),
  ],
  destination: (hop) => [
    hint("The function's request to the service, and its response."),
    ...(hop.request ? call(hop) : [element("p", "The function did not call the service this time.")]),
  ],
  profile: (hop) => [
    hint("The customer's profile in " + hop.destination + ", before and after the event."),
    hop.after || hop.before ? profile(hop) : element("p", "There is no profile.", "hint"),
  ],
};

function call({ request, response }) {
  const others = request.events > 1 ? ", the part of this event (the request had " + request.events + ")" : "";
  return [
    ...part("Request: " + request.operation + others, code(JSON.stringify(request.parameters, null, 2))),
    ...part("Response", code("HTTP " + response.status + "\n" + JSON.stringify(response.body, null, 2))),
  ];
}

function authorizer({ ms, outcome, why, log_lines: lines = [] }) {
  return [
    ...part("Token authorizer", pairs([["outcome", outcome], ["why", why], ["took", ms === undefined ? null : duration(ms)]])),
    ...(lines.length ? part("Its log lines", code(lines.join("\n"))) : []),
  ];
}

function metrics(all) {
  if (!all.length) return element("p", "(none)", "hint");
  const body = element("tbody");
  for (const { name, value, unit, dimensions } of all) {
    const named = Object.entries(dimensions ?? {}).map(([key, one]) => key + "=" + one);
    body.append(
      group("tr", "", element("td", name, "mono"), element("td", value + " " + unit, "mono"), element("td", named.join(", "), "mono")),
    );
  }
  return tableOf(["Metric", "Value", "Dimensions"], body, "Metrics");
}

function profile(hop) {
  const changed = new Set(changesOf(hop).map(({ name }) => name));
  const names = new Set([...Object.keys(hop.before ?? {}), ...Object.keys(hop.after ?? {})]);
  const body = element("tbody");
  for (const name of names) {
    const after = group("td", "mono", element("span", String(hop.after?.[name] ?? "—")));
    if (changed.has(name)) after.append(" ", element("b", hop.before?.[name] === undefined ? "new" : "changed"));
    const row = group("tr", changed.has(name) && "changed", element("td", name, "mono"), element("td", String(hop.before?.[name] ?? "—"), "mono"), after);
    body.append(row);
  }
  return tableOf(["Attribute", "Before", "After"], body, "Profile before and after");
}

function pairs(entries) {
  const shown = element("dl");
  for (const [name, value] of entries) {
    if (value === null || value === undefined || value === "") continue;
    shown.append(element("dt", name), element("dd", String(value)));
  }
  return shown.childElementCount ? shown : element("p", "(none)", "hint");
}

function part(title, ...content) {
  return [element("h3", title), ...content];
}

function code(text) {
  return element("pre", text, "code");
}

function hint(text) {
  return element("p", text, "hint first");
}

function buttons(...all) {
  return group("div", "copies left", ...all);
}
