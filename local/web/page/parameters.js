// The pairs of a URL or a message, with attributes, metrics and user attributes told apart.

import { element, group } from "./dom.js";

const KINDS = {
  evat_: { kind: "Event attribute", className: "evat" },
  evmt_: { kind: "Event metric", className: "evmt" },
  usat_: { kind: "User attribute", className: "usat" },
};

const OTHER_KINDS = { event: "Event", endpoint_id: "Event", event_id: "Event", timestamp: "Event", token: "Token" };

/** A table of the pairs of a query string. */
export function parameterTable(query, label) {
  const body = element("tbody");
  for (const [name, value] of new URLSearchParams(query)) body.append(pairRow(name, value));
  return tableOf(["Kind", "Name", "Value"], body, label);
}

/** A table with a name for screen readers. */
export function tableOf(headings, body, label) {
  const head = element("tr");
  for (const heading of headings) {
    const cell = element("th", heading);
    cell.scope = "col";
    head.append(cell);
  }
  const table = group("table", "", group("thead", "", head), body);
  table.setAttribute("aria-label", label);
  return table;
}

function pairRow(name, value) {
  const known = KINDS[name.slice(0, 5)];
  const kind = known
    ? element("span", known.kind, "tint " + known.className)
    : element("span", OTHER_KINDS[name] ?? "Ignored", "tint");
  return group(
    "tr",
    "",
    group("td", "", kind),
    element("td", known ? name.slice(5) : name, "mono"),
    element("td", value, "mono"),
  );
}
