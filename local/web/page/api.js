// Requests to the local run. Each one rejects if the run does not respond.

export const NO_RESPONSE = "The local run does not respond. Is it still running?";

/** The run's own words on what is wrong with a request. */
export class RunError extends Error {}

export async function getJson(path) {
  return read(await fetch(path, { cache: "no-store" }));
}

/** Null if this run has nothing at the path. */
export async function getJsonIfAny(path) {
  const response = await fetch(path, { cache: "no-store" });
  return response.status === 404 ? null : read(response);
}

export async function postJson(path, body) {
  const headers = { "Content-Type": "application/json" };
  return read(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** The tokens of a demo user, who is created if need be; null if this run has no demo users. */
export async function signIn(user) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/demo/sign-in", { method: "POST", headers, body: JSON.stringify({ user }) });
  return response.ok ? response.json() : null;
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new RunError(body.message ?? "The local run responded with " + response.status + ".");
}
