// Requests to the local run. Each one rejects if the run does not respond.

export const NO_RESPONSE = "The local run does not respond.";

export async function getJson(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(path + " responded with " + response.status);
  return response.json();
}

/** The export of the container that sends these parameters; throws the run's own message for a bad one. */
export async function getContainer(path) {
  const response = await fetch(path, { cache: "no-store" });
  const container = await response.json();
  if (!response.ok) throw new ContainerError(container.message);
  return container;
}

export class ContainerError extends Error {}

/** The tokens of a demo user, who is created if need be; null if this run has no demo users. */
export async function signIn(user) {
  const response = await fetch("/demo/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user }),
  });
  return response.ok ? response.json() : null;
}
