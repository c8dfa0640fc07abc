// The profile of the endpoint in the form, in each destination that keeps profiles.

import { getJson } from "./api.js";
import { byId, element } from "./dom.js";
import { endpoint } from "./form.js";
import { visible } from "./hops.js";

// By destination: the attributes last seen, and their last changes.
let seen = { endpoint: "", profiles: new Map() };

/** Show the profiles as they are now. */
export async function refreshProfiles() {
  const asked = endpoint();
  if (!asked) return showNobody();
  try {
    const { profiles } = await getJson("/profile?" + new URLSearchParams({ endpoint_id: asked }));
    if (asked === endpoint()) showProfiles(asked, profiles);
  } catch {
    // The timeline says that the run does not respond; the next event asks again.
  }
}

function showNobody() {
  seen = { endpoint: "", profiles: new Map() };
  byId("profile-of").textContent = "nobody";
  byId("profiles").replaceChildren(element("p", "Without an endpoint id there is no profile.", "soft"));
  byId("profile-change").textContent = "";
}

function showProfiles(shownEndpoint, profiles) {
  const isFirst = seen.endpoint !== shownEndpoint;
  if (isFirst) seen = { endpoint: shownEndpoint, profiles: new Map() };
  const news = [];
  const blocks = profiles.map((profile) => {
    const known = seen.profiles.get(profile.destination) ?? { attributes: {}, changes: [] };
    const attributes = profile.attributes ?? {};
    const found = isFirst ? [] : changesOf(known.attributes, attributes);
    const changes = found.length ? found : known.changes;
    seen.profiles.set(profile.destination, { attributes, changes });
    for (const { name, value } of visible(found)) news.push(profile.destination + ": " + name + " is now " + value);
    return profileBlock(profile, changes);
  });
  byId("profile-of").textContent = shownEndpoint;
  byId("profiles").replaceChildren(
    ...(blocks.length ? blocks : [element("p", "No destination of this stack keeps profiles.", "soft")]),
  );
  if (isFirst || news.length) byId("profile-change").textContent = news.join("; ");
}

/** The attributes that differ, with the value before. */
function changesOf(before, now) {
  return Object.entries(now)
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => ({ name, value, before: before[name] }));
}

function profileBlock(profile, changes) {
  const block = element("div", undefined, "kept");
  block.append(element("h3", profile.destination));
  if (!profile.attributes) {
    block.append(element("p", noProfile(profile), "soft"));
    return block;
  }
  const list = element("dl");
  for (const [name, value] of Object.entries(profile.attributes)) {
    const change = changes.find((one) => one.name === name);
    const shown = element("dd", value, change && "changed");
    if (change) {
      const was = change.before === undefined ? " (new)" : " (was " + change.before + ")";
      shown.append(element("small", was));
    }
    list.append(element("dt", name), shown);
  }
  block.append(list.childElementCount ? list : element("p", "A profile without attributes.", "soft"));
  block.append(element("p", profile.events + (profile.events === 1 ? " event" : " events"), "meta"));
  return block;
}

function noProfile(profile) {
  const discarded = profile.events ? " Accepted, then discarded: " + profile.events + "." : "";
  return profile.when_missing + discarded;
}
