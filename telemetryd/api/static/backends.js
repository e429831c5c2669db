// The health of each backend: what it is now, since when, and how the last hour was.

import { addressTo } from "./address.js";
import { healthColour } from "./colours.js";
import { ask, isTakenBack, nodeNow } from "./daemon.js";
import { fill, h, mark, say, svg } from "./element.js";
import { shortTime } from "./moments.js";
import { Polling } from "./polling.js";
import { roughly } from "./quantities.js";
import { badge } from "./table.js";

const EVERY = 15;
const SPAN = 3600;
const WIDTH = 240;
const HEIGHT = 18;
// How high a bar is, the worse the higher, as the chart of health has it: what a colour tells is told by something else as well.
const HEIGHTS = { online: 0.32, degraded: 0.62, offline: 1 };

/** The word for a health between 0 and 1, where `null` is unknown. */
function healthOf(value) {
  if (value === null || value === undefined) return "unknown";
  return value >= 0.75 ? "online" : value >= 0.25 ? "degraded" : "offline";
}

/** A list of backends, asked for anew every 15 s while it is shown. */
export class Backends {
  names = [];
  #items = new Map();
  #list = h("ul", { class: "backends" });
  #note = h("p", { class: "empty", hidden: true });
  #polling = new Polling(EVERY, (signal) => this.#ask(signal));

  constructor() {
    this.element = h(
      "section",
      { class: "card", "aria-labelledby": "backends-title" },
      h("header", {}, h("h3", { id: "backends-title" }, "Backends"), h("p", { class: "detail" }, "health in the last hour")),
      this.#list,
      this.#note,
    );
  }

  start() {
    this.#polling.start();
  }

  stop() {
    this.#polling.stop();
  }

  async #ask(signal) {
    try {
      const end = Math.ceil(nodeNow());
      const parameters = { metric_type: "backend_health", start_time: end - SPAN, end_time: end };
      const { metrics, interval } = await ask("metrics", parameters, { signal });
      this.#show(metrics.backend_health, interval, end);
    } catch (error) {
      if (isTakenBack(error)) throw error;
      this.#tell(error.message);
    }
  }

  #tell(sentence) {
    this.#note.hidden = !sentence;
    say(this.#note, sentence);
  }

  #show(backends, interval, end) {
    this.names = Object.keys(backends);
    // The worst first; what is not known comes last.
    const order = (name) => backends[name].at(-1)?.last ?? 2;
    const sorted = [...this.names].sort((one, other) => order(one) - order(other) || one.localeCompare(other));
    for (const name of this.#items.keys()) if (!Object.hasOwn(backends, name)) this.#items.delete(name);
    fill(this.#list, sorted.map((name) => this.#item(name, backends[name], interval, end)));
    this.#tell(this.names.length ? "" : "No backend has told its health yet.");
  }

  #item(name, samples, interval, end) {
    const item = this.#items.get(name) ?? h("li", {}, h("a", { href: addressTo("history", { range: "1h", backend: name }), title: `History of ${name}` }, name));
    this.#items.set(name, item);
    const now = healthOf(samples.at(-1)?.last);
    const since = unchangedSince(samples);
    const before = since !== null && since > samples[0].timestamp;
    const told = since === null ? "" : before ? `since ${shortTime(since)}` : `for over ${roughly(end - since)}`;
    item.dataset.health = now;
    fill(
      item,
      item.firstChild,
      strip(name, samples, interval, end),
      h("span", { class: "health" }, badge(now, "health"), " ", h("span", { class: "since" }, told)),
    );
    return item;
  }
}

/** The start of the interval from which on the health has been what it is now; null without samples. */
function unchangedSince(samples) {
  if (!samples.length) return null;
  const now = healthOf(samples.at(-1).last);
  let since = samples.at(-1).timestamp;
  for (const sample of samples.toReversed()) {
    if (healthOf(sample.min) !== now || healthOf(sample.max) !== now) break;
    since = sample.timestamp;
  }
  return since;
}

/** Bars of the last hour, each as bad as the worst moment in it. */
function strip(name, samples, interval, end) {
  const x = (at) => Math.max(0, ((at - (end - SPAN)) / SPAN) * WIDTH);
  const bars = samples.map(({ timestamp, min }) => {
    const health = healthOf(min);
    const height = (HEIGHTS[health] ?? 0.06) * HEIGHT;
    const width = Math.max(0.5, x(timestamp + interval) - x(timestamp) - 0.6);
    const bar = svg("rect", { x: x(timestamp).toFixed(1), y: HEIGHT - height, width: width.toFixed(1), height });
    bar.style.fill = healthColour(health);
    return bar;
  });
  const bad = samples.filter(({ min }) => min < 0.75).length;
  const told = bad ? `${name}: not online in ${bad} of ${samples.length} intervals` : `${name}: online all the time`;
  const drawing = svg("svg", { class: "strip", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, bars);
  return mark(drawing, "aria-label", samples.length ? told : `${name}: unknown`);
}
