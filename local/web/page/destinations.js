// The destinations of the stack, with switches that make each of them fail and heal, where the run has these.

import { NO_RESPONSE, RunError, getJson, getJsonIfAny, postJson } from "./api.js";
import { byId, element, group } from "./dom.js";
import { complain, say } from "./say.js";

const FAULTS = [
  ["", "works"],
  ["unavailable", "fails for now: events are retried"],
  ["refusing", "refuses for good: events are dead-lettered"],
];
const HINT = "Every event goes to all of them. Make one fail, send an event and see what happens, then let it work again.";

export async function showDestinations(destinations) {
  const faults = await getJsonIfAny("/faults");
  if (faults) {
    byId("faults-hint").textContent = HINT;
    // Another tab may have changed them meanwhile.
    addEventListener("focus", () => refresh().catch(() => {}));
  }
  byId("destinations").replaceChildren(
    ...destinations.map((name) =>
      faults && name in faults.destinations ? switchOf(name, faults.destinations[name]) : element("p", name, "mono"),
    ),
  );
}

async function refresh() {
  const { destinations } = await getJson("/faults");
  for (const [name, fault] of Object.entries(destinations)) byId("fault-" + name).value = fault ?? "";
}

function switchOf(name, fault) {
  const select = element("select");
  select.id = "fault-" + name;
  for (const [value, text] of FAULTS) {
    const option = element("option", text);
    option.value = value;
    select.append(option);
  }
  let known = fault ?? "";
  select.value = known;
  select.addEventListener("change", async () => {
    try {
      await postJson("/faults", { destination: name, fault: select.value || null });
      known = select.value;
      say(name + " now " + select.selectedOptions[0].textContent + ".");
    } catch (error) {
      select.value = known;
      complain(error instanceof RunError ? error.message : NO_RESPONSE);
    }
  });
  const label = element("label", name);
  label.htmlFor = select.id;
  return group("div", "fault", label, select);
}
