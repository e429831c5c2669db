// What happened to one operation, as phases: from each status to the next, with how long each lasted.

import { statusColour } from "./colours.js";
import { h } from "./element.js";
import { exactTime, moment } from "./moments.js";
import { bytes, count, seconds } from "./quantities.js";
import { badge } from "./table.js";

const TERMINAL = ["completed", "failed"];
// No phase is drawn narrower than this share of the bar: a millisecond is there as well.
const NARROWEST = 0.015;

/**
 * The phases of an operation's timeline: `{status, start, end, open}`. The last one is open, up to `now`, where the
 * operation has not ended. A status told twice, or after the end, begins no phase.
 */
export function phasesOf(timeline, now) {
  const phases = [];
  for (const { status, timestamp, event } of timeline) {
    const last = phases.at(-1);
    if (event === "operation_expired") {
      if (last?.open) Object.assign(last, { end: timestamp, open: false });
      continue;
    }
    if (!status || (last && (!last.open || last.status === status))) continue;
    if (last) Object.assign(last, { end: Math.max(last.start, timestamp), open: false });
    const ends = TERMINAL.includes(status);
    phases.push({ status, start: timestamp, end: ends ? timestamp : Math.max(timestamp, now), open: !ends });
  }
  return phases;
}

/** The phases as one bar, and all events as a list. */
export function timelineOf(operation, now) {
  const phases = phasesOf(operation.timeline, now);
  const stretches = phases.filter(({ start, end }) => end > start);
  const total = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  return h("div", { class: "timeline" }, stretches.length ? bar(stretches, total) : null, steps(operation, phases));
}

function bar(phases, total) {
  const told = phases.map(({ status, start, end, open }) => `${status} ${seconds(end - start)}${open ? " so far" : ""}`);
  const segments = phases.map(({ status, start, end, open }) => {
    const share = Math.max(NARROWEST, (end - start) / total);
    const segment = h("span", { class: "phase", data: { open: open ? "yes" : null }, title: `${status}: ${seconds(end - start)}` });
    segment.style.flexGrow = share;
    segment.style.background = statusColour(status);
    return segment;
  });
  const legend = phases.map(({ status, start, end, open }) =>
    h("li", {}, badge(status), " ", h("b", {}, seconds(end - start)), open ? " so far" : ` · ${shareOf(end - start, total)}`),
  );
  return h(
    "div",
    { class: "phases" },
    h("div", { class: "phase-bar", role: "img", "aria-label": told.join(", then ") }, segments),
    h("ul", { class: "phase-legend" }, legend),
  );
}

function shareOf(part, total) {
  const percent = (part / total) * 100;
  return percent < 1 ? "<1 %" : `${percent.toFixed(0)} %`;
}

function steps({ timeline }, phases) {
  const start = timeline[0]?.timestamp ?? null;
  return h(
    "ol",
    { class: "steps" },
    timeline.map((event, index) => step(event, index, start, timeline[index - 1]?.timestamp ?? null, phases)),
  );
}

function step(event, index, start, before, phases) {
  const { timestamp, status } = event;
  const since = before === null ? "" : `+${seconds(Math.max(0, timestamp - before))}`;
  const begins = phases.some((phase) => phase.start === timestamp && phase.status === status);
  const facts = [
    event.error_type ? h("span", { class: "error-type" }, event.error_type) : null,
    event.retry_count !== null ? `retry ${count(event.retry_count)}` : null,
    event.size !== null ? bytes(event.size) : null,
    event.latency !== null ? `latency ${seconds(event.latency)}` : null,
    noteOf(event, begins),
  ].filter(Boolean);
  return h(
    "li",
    { class: begins ? null : "beside" },
    h("time", { datetime: new Date(timestamp * 1000).toISOString(), title: moment(timestamp) }, exactTime(timestamp)),
    h("span", { class: "since" }, index ? since : ""),
    status ? badge(status) : h("span", { class: "badge" }, event.event.replaceAll("_", " ")),
    h("span", { class: "facts" }, facts.flatMap((fact, place) => (place ? [" · ", fact] : [fact]))),
    h("span", { class: "since from-start" }, index && start !== null ? `at ${seconds(timestamp - start)}` : ""),
  );
}

function noteOf({ event, previous_status: before, status }, begins) {
  if (event === "operation_expired") return "never ended, and is no longer tracked";
  if (before === "unplaced") return "came too late to be placed";
  if (TERMINAL.includes(before)) return "after its end: not counted";
  if (before === status && before !== null) return "told again";
  return begins || before === null ? null : `after ${before}`;
}
