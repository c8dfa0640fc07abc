// The variables with which the AWS command line works against this run, where it has an endpoint for it.

import { getJsonIfAny } from "./api.js";
import { copyButton } from "./copy.js";
import { byId } from "./dom.js";

export async function showAws() {
  const found = await getJsonIfAny("/aws");
  if (!found) return;
  const text = Object.entries(found.variables)
    .map(([name, value]) => "export " + name + "=" + quoted(value))
    .join("\n");
  byId("aws-variables").textContent = text;
  byId("aws-copies").append(copyButton("the AWS variables", () => text, "Copy variables"));
  byId("aws").hidden = false;
}

/** As a shell reads it. */
function quoted(value) {
  return /^[\w:/.+-]*$/.test(value) ? value : "'" + value.replaceAll("'", "'\\''") + "'";
}
