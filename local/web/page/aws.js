// The lines for a shell with which the AWS command line works against this run, where it has an endpoint for it.

import { getJsonIfAny } from "./api.js";
import { copyButton } from "./copy.js";
import { byId } from "./dom.js";

export async function showAws() {
  const found = await getJsonIfAny("/aws");
  if (!found) return;
  const text = [
    ...Object.entries(found.variables).map(([name, value]) => "export " + name + "=" + quoted(value)),
    `pulumi() { curl -s "${location.origin}/outputs/$3"; }    # so that "pulumi stack output NAME" works`,
  ].join("\n");
  byId("aws-variables").textContent = text;
  byId("aws-copies").append(copyButton("the lines for your shell", () => text, "Copy the lines"));
  byId("aws").hidden = false;
}

/** As a shell reads it. */
function quoted(value) {
  return /^[\w:/.+-]*$/.test(value) ? value : "'" + value.replaceAll("'", "'\\''") + "'";
}
