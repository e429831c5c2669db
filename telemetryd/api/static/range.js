// The range that is looked at: the last so-and-so long up to now, or from one instant to another.

import { nodeNow } from "./daemon.js";
import { h, mark, say } from "./element.js";
import { fieldOf, instantOf, span, zoneName } from "./moments.js";
import { isNumber } from "./quantities.js";
import { segments } from "./segments.js";

const RANGES = new Map([
  ["15m", { seconds: 900, label: "15 min" }],
  ["1h", { seconds: 3600, label: "1 h" }],
  ["6h", { seconds: 21_600, label: "6 h" }],
  ["24h", { seconds: 86_400, label: "24 h" }],
  ["7d", { seconds: 604_800, label: "7 d" }],
  ["30d", { seconds: 2_592_000, label: "30 d" }],
]);
const USUAL_RANGE = "1h";
const MINUTE = 60;
// The last second that the daemon has a date for.
const LATEST = 253_402_300_799;

/** The range that parameters mean at this moment, in whole Unix seconds; `moving` where it ends now. */
export function rangeOf(parameters) {
  const start = whole(parameters.start_time);
  const end = whole(parameters.end_time);
  if (start !== null && end !== null && start < end) return { start, end, moving: false };
  const { seconds } = RANGES.get(parameters.range) ?? RANGES.get(USUAL_RANGE);
  // A whole minute, so that the daemon need not widen it, and who asks again within it gets the same chart.
  const now = Math.ceil(nodeNow() / MINUTE) * MINUTE;
  return { start: now - seconds, end: now, moving: true, seconds };
}

/** Parameters of the address that mean a range between two instants. */
export function between(start, end) {
  return { range: "", start_time: Math.floor(start), end_time: Math.ceil(end) };
}

/** Buttons for the usual ranges, and a form for any other; `onChoose` gets parameters of the address. */
export class RangePicker {
  #segments;
  #from = h("input", { type: "datetime-local", step: "1", required: true });
  #to = h("input", { type: "datetime-local", step: "1", required: true });
  #zone = h("span", { class: "detail" });
  #error = h("p", { class: "field-error", role: "alert", hidden: true });
  #custom;
  #form;
  #onChoose;

  constructor(name, onChoose) {
    this.#onChoose = onChoose;
    this.#segments = segments({
      legend: "Range",
      name,
      options: [...RANGES].map(([value, { label }]) => [value, label]),
      chosen: USUAL_RANGE,
      onChoose: (range) => onChoose({ range, start_time: "", end_time: "" }),
    });
    this.#custom = h("button", { type: "button", "aria-expanded": "false", on: { click: () => this.#toggle() } }, "Custom…");
    const error = `${name}-error`;
    this.#error.id = error;
    for (const field of [this.#from, this.#to]) mark(field, "aria-describedby", error);
    this.#form = h(
      "form",
      { class: "custom-range", hidden: true, on: { submit: (event) => this.#submit(event) } },
      h("label", {}, "from ", this.#from),
      h("label", {}, "to ", this.#to),
      this.#zone,
      h("button", { type: "submit" }, "Show"),
      this.#error,
    );
    this.element = h("div", { class: "range" }, this.#segments.element, this.#custom, this.#form);
  }

  /** Show the range that these parameters mean. */
  show(parameters) {
    const range = rangeOf(parameters);
    this.#segments.choose(range.moving ? (RANGES.has(parameters.range) ? parameters.range : USUAL_RANGE) : "");
    mark(this.#custom, "aria-pressed", String(!range.moving));
    say(this.#custom, range.moving ? "Custom…" : span(range.start, range.end, nodeNow()));
    this.#from.value = fieldOf(range.start);
    this.#to.value = fieldOf(range.end);
    say(this.#zone, `in ${zoneName()}`);
    this.#tell("");
  }

  #toggle() {
    this.#form.hidden = !this.#form.hidden;
    mark(this.#custom, "aria-expanded", String(!this.#form.hidden));
    if (!this.#form.hidden) this.#from.focus();
  }

  #submit(event) {
    event.preventDefault();
    const [start, end] = [instantOf(this.#from.value), instantOf(this.#to.value)];
    if (start === null || end === null) return this.#tell("Both ends need a date and a time.");
    if (start >= end) return this.#tell("The range must begin before it ends.");
    if (start > nodeNow()) return this.#tell("The range must not begin in the future.");
    this.#tell("");
    return this.#onChoose(between(start, end));
  }

  #tell(sentence) {
    this.#error.hidden = !sentence;
    say(this.#error, sentence);
  }
}

function whole(text) {
  const value = text ? Number(text) : NaN;
  return isNumber(value) && value >= 0 && value <= LATEST ? Math.floor(value) : null;
}
