// Times in the visitor's own time zone, with the exact time in UTC beside them; durations and offsets.

import { element } from "./dom.js";

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const SHORT_CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A <time> for epoch milliseconds. */
export function time(at, { exact = true } = {}) {
  const utc = new Date(at).toISOString();
  const shown = element("time", (exact ? CLOCK : SHORT_CLOCK).format(at));
  shown.dateTime = utc;
  shown.title = utc;
  return shown;
}

/** The time of day, and the day unless it is today. */
export function clockText(at) {
  const day = DAY.format(at);
  return day === DAY.format(Date.now()) ? SHORT_CLOCK.format(at) : day + ", " + SHORT_CLOCK.format(at);
}

export function duration(milliseconds) {
  const rounded = Math.round(milliseconds);
  if (Math.abs(rounded) < 1000) return rounded + " ms";
  if (Math.abs(rounded) < 120_000) return (rounded / 1000).toFixed(1) + " s";
  return Math.round(rounded / 60_000) + " min";
}

/** How long after the first step. */
export function offset(milliseconds) {
  return (milliseconds < 0 ? "−" : "+") + duration(Math.abs(milliseconds));
}
