// The three charts of the last quarter of an hour.

import { seriesColour, seriesDash, statusColour } from "./colours.js";
import { h } from "./element.js";
import { Cursor, Plot } from "./plot.js";
import { count, decimal, seconds, stretch, unitUpTo } from "./quantities.js";
import { partsOf } from "./realtime.js";

// A chart with more lines tells nothing.
const MOST_LINES = 6;
const STATUSES = ["processing", "pending", "retrying"];

/** Throughput, latency and what is in flight, read across by one cursor. */
export class LiveCharts {
  #cursor = new Cursor();
  #throughput = new Plot({ title: "Throughput", format: decimal, cursor: this.#cursor, top: 1 });
  #latency = new Plot({ title: "Latency p95 by series", format: seconds, scale: unitUpTo, cursor: this.#cursor });
  #inFlight = new Plot({ title: "In flight by status", format: count, scale: () => ({ size: 1, word: plain }), cursor: this.#cursor, stacked: true, top: 4 });

  constructor() {
    this.element = h("div", { class: "livecharts feeds" }, [this.#throughput, this.#latency, this.#inFlight].map((plot) => plot.element));
  }

  /** Draw what is remembered between two instants; `linked(parts)` is where a series leads to. */
  draw({ totals, latency, from, to, window, backends, linked }) {
    const over = `each point over ${stretch(window)}`;
    const times = totals.times(from);
    this.#throughput.draw({
      times,
      from,
      to,
      series: [{ name: "all", label: "all series", colour: "var(--accent)", values: totals.numbers("throughput", from) }],
      note: `operations ended per minute, ${over}`,
      empty: "No numbers yet.",
    });
    this.#latency.draw({
      times: latency.times(from),
      from,
      to,
      ...this.#slowest(latency, from, backends, linked, over),
      empty: `No operation has ended in the last ${stretch(to - from)}.`,
    });
    this.#inFlight.draw({
      times,
      from,
      to,
      series: STATUSES.map((status) => ({ name: status, colour: statusColour(status), values: totals.numbers(status, from) })),
      note: "operations, now",
      empty: "No numbers yet.",
    });
  }

  #slowest(latency, from, backends, linked, over) {
    const highest = (values) => values.reduce((top, value) => (value > top ? value : top), -1);
    const all = latency.names
      .map((name) => ({ name, values: latency.numbers(name, from) }))
      .map((each) => ({ ...each, highest: highest(each.values) }))
      .filter((each) => each.highest >= 0);
    const chosen = [...all].sort((one, other) => other.highest - one.highest).slice(0, MOST_LINES);
    const series = chosen.map(({ name, values }) => {
      const parts = partsOf(name, backends);
      const { operationType, backend } = parts;
      return { name, label: `${operationType} on ${backend}`, values, colour: seriesColour(operationType, backend), dash: seriesDash(operationType), href: linked(parts) };
    });
    const which = all.length > chosen.length ? `the ${chosen.length} slowest of ${all.length} series, ` : "";
    return { series, note: which + over };
  }
}

/** A value on an axis of whole numbers, which small ones divide. */
function plain(value) {
  return Number.isInteger(value) ? count(value) : String(value);
}
