// The destinations of the stack, with switches that make each of them fail and heal, where the run has these.

import { NO_RESPONSE, RunError, getJsonIfAny, postJson } from "./api.js";
import { say } from "./copy.js";
import { byId, element, group } from "./dom.js";

const FAULTS = [
  ["", "works"],
  ["unavailable", "fails for now: events are retried"],
  ["refusing", "refuses for good: events are dead-lettered"],
];
const HINT = "Every event goes to all of them. Make one fail, send an event and see what happens, then let it work again.";

export async function showDestinations(destinations) {
  const faults = await getJsonIfAny("/faults");
  if (faults) byId("faults-hint").textContent = HINT;
  byId("destinations").replaceChildren(
    ...destinations.map((name) =>
      faults && name in faults.destinations ? switchOf(name, faults.destinations[name]) : element("p", name, "mono"),
    ),
  );
}

function switchOf(name, fault) {
  const select = element("select");
  select.id = "fault-" + name;
  for (const [value, text] of FAULTS) {
    const option = element("option", text);
    option.value = value;
    select.append(option);
  }
  select.value = fault ?? "";
  select.addEventListener("change", async () => {
    try {
      await postJson("/faults", { destination: name, fault: select.value || null });
      say(name + " now " + select.selectedOptions[0].textContent + ".");
    } catch (error) {
      say(error instanceof RunError ? error.message : NO_RESPONSE);
    }
  });
  const label = element("label", name);
  label.htmlFor = select.id;
  return group("div", "fault", label, select);
}
