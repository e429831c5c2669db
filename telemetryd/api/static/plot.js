// A small chart that follows the present: lines or a stack of areas over the last minutes, drawn anew at each
// number. The big charts are Plotly's; this one costs nothing to redraw every two seconds for a week.

import { fill, h, mark, say, svg, unseen } from "./element.js";
import { shortTime, time } from "./moments.js";
import { isNumber } from "./quantities.js";
import { timeTicks, valueTicks } from "./scales.js";

const HEIGHT = 168;
const MARGIN = { left: 52, right: 10, top: 8, bottom: 20 };

/** The instant under the pointer, shared by charts of the same time, so that they can be read across. */
export class Cursor extends EventTarget {
  at = null;

  move(at) {
    if (at === this.at) return;
    this.at = at;
    this.dispatchEvent(new Event("move"));
  }
}

/**
 * `format` makes text of a value; `scale(top)` is the unit of an axis up to `top`: its `size`, and what makes a `word`
 * of a value. `draw` takes the instants, and series of `{name, label, colour, values, href}`
 * that have a number, or NaN, for each; `stacked` ones lie on each other. `top` is the least that the axis reaches.
 */
export class Plot {
  #format;
  #units;
  #stacked;
  #top;
  #cursor;
  #drawn = null;
  #scale = null;
  #width = 0;
  #paths = new Map();
  #entries = new Map();
  #title;
  #note = h("p", { class: "chart-note" });
  #grid = svg("g", { class: "grid" });
  #marks = svg("g");
  #line = svg("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, visibility: "hidden" });
  #svg = svg("svg", { height: HEIGHT, role: "img" }, this.#grid, this.#marks, this.#line);
  #area = h("div", { class: "plot" }, this.#svg);
  #legend = h("ul", { class: "legend" });
  #empty = h("p", { class: "empty plot-empty", hidden: true });

  constructor({ title, format, scale = () => ({ size: 1, word: format }), cursor, stacked = false, top = 0 }) {
    this.#title = title;
    this.#format = format;
    this.#units = scale;
    this.#stacked = stacked;
    this.#top = top;
    this.#cursor = cursor;
    this.element = h(
      "figure",
      { class: "card chart" },
      h("figcaption", {}, h("h3", {}, title), this.#note),
      this.#area,
      this.#empty,
      this.#legend,
    );
    this.#area.addEventListener("pointermove", (event) => this.#point(event));
    this.#area.addEventListener("pointerleave", () => cursor.move(null));
    cursor.addEventListener("move", () => this.#read());
    new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry.contentRect.width);
      this.#redraw();
    }).observe(this.#area);
  }

  draw({ times, series, from, to, note = "", empty = "" }) {
    this.#drawn = { times, series, from, to, empty };
    say(this.#note, note);
    this.#redraw();
  }

  #redraw() {
    if (!this.#drawn || this.#width < 80) return;
    const { times, series, from, to, empty } = this.#drawn;
    const any = series.some(({ values }) => values.some(isNumber));
    this.#empty.hidden = any;
    this.#area.hidden = !any;
    say(this.#empty, any ? "" : empty);
    const layers = this.#stacked ? stack(series) : series.map(({ values }) => ({ upper: values, lower: null }));
    const highest = Math.max(this.#top, ...layers.flatMap(({ upper }) => upper.filter(isNumber)));
    const { size, word } = this.#units(highest);
    const ticks = valueTicks(highest / size).map((tick) => tick * size);
    const x = (at) => MARGIN.left + ((at - from) / (to - from)) * (this.#width - MARGIN.left - MARGIN.right);
    const y = (value) => HEIGHT - MARGIN.bottom - (value / ticks.at(-1)) * (HEIGHT - MARGIN.bottom - MARGIN.top);
    mark(this.#svg, "width", this.#width);
    fill(this.#grid, ticks.map((value) => this.#level(word(value), y(value))), timeTicks(from, to).map((at) => this.#instant(at, x(at))));
    this.#keepOnly(this.#paths, series);
    for (const [index, { name, colour, dash }] of series.entries()) {
      const path = this.#paths.get(name) ?? this.#newPath(name);
      const { upper, lower } = layers[index];
      mark(path, "d", lower ? areaPath(times, lower, upper, x, y) : linePath(times, upper, x, y));
      mark(path, "stroke-dasharray", dash);
      path.style.stroke = colour;
      path.style.fill = lower ? colour : "none";
    }
    this.#scale = { from, to };
    mark(this.#svg, "aria-label", this.#told(times, series));
    this.#read();
  }

  #level(word, y) {
    return [
      svg("line", { x1: MARGIN.left, x2: this.#width - MARGIN.right, y1: y, y2: y }),
      svg("text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, word),
    ];
  }

  #instant(at, x) {
    if (x < MARGIN.left + 14 || x > this.#width - MARGIN.right - 14) return [];
    return [
      svg("line", { class: "tick", x1: x, x2: x, y1: HEIGHT - MARGIN.bottom, y2: HEIGHT - MARGIN.bottom + 4 }),
      svg("text", { x, y: HEIGHT - 4, "text-anchor": "middle" }, shortTime(at)),
    ];
  }

  #newPath(name) {
    const path = svg("path", { class: this.#stacked ? "area" : "line" });
    this.#paths.set(name, path);
    this.#marks.append(path);
    return path;
  }

  #keepOnly(elements, series) {
    const names = new Set(series.map(({ name }) => name));
    for (const [name, element] of elements) {
      if (names.has(name)) continue;
      (element.row ?? element).remove();
      elements.delete(name);
    }
  }

  #point(event) {
    if (!this.#scale) return;
    const { from, to } = this.#scale;
    const share = (event.clientX - this.#area.getBoundingClientRect().left - MARGIN.left) / (this.#width - MARGIN.left - MARGIN.right);
    this.#cursor.move(share < 0 || share > 1 ? null : from + share * (to - from));
  }

  /** Write each series' value in the legend: the one under the cursor, or the last. */
  #read() {
    if (!this.#drawn || !this.#scale) return;
    const { times, series } = this.#drawn;
    const { from, to } = this.#scale;
    const at = this.#cursor.at;
    const index = at === null ? times.length - 1 : nearest(times, at);
    this.#keepOnly(this.#entries, series);
    const rows = series.map((each) => {
      const entry = this.#entries.get(each.name) ?? this.#newEntry(each);
      entry.swatch.style[this.#stacked ? "background" : "stroke"] = each.colour;
      if (!this.#stacked) mark(entry.swatch.firstChild, "stroke-dasharray", each.dash);
      say(entry.value, this.#format(each.values[index]));
      mark(entry.link, "href", each.href);
      return entry.row;
    });
    fill(this.#legend, rows);
    const shown = at !== null && at >= from && at <= to && times.length > 0;
    mark(this.#line, "visibility", shown ? "visible" : "hidden");
    this.#legend.dataset.at = shown ? time(times[index]) : "";
    if (!shown) return;
    const x = MARGIN.left + ((times[index] - from) / (to - from)) * (this.#width - MARGIN.left - MARGIN.right);
    mark(this.#line, "x1", x);
    mark(this.#line, "x2", x);
  }

  #newEntry({ name, label, href }) {
    const swatch = this.#stacked ? h("span", { class: "swatch" }) : svg("svg", { class: "swatch" }, svg("path", { d: "M0 5h20", "stroke-width": 2 }));
    mark(swatch, "aria-hidden", "true");
    const value = h("span", { class: "value" });
    const link = href ? h("a", { href }, label ?? name) : h("span", {}, label ?? name);
    const row = h("li", {}, swatch, link, unseen(": "), value);
    const entry = { row, swatch, value, link };
    this.#entries.set(name, entry);
    return entry;
  }

  #told(times, series) {
    const now = series.map(({ name, label, values }) => `${label ?? name} ${this.#format(values.at(-1))}`);
    return `${this.#title}: ${now.length ? `now ${now.join(", ")}` : "nothing yet"}`;
  }
}

/** Layers of a stack: each series' values upon the sum of those before it. */
function stack(series) {
  let below = series[0]?.values.map(() => 0) ?? [];
  return series.map(({ values }) => {
    const lower = below;
    const upper = values.map((value, index) => lower[index] + value);
    below = upper;
    return { lower, upper };
  });
}

function linePath(times, values, x, y) {
  let path = "";
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (isNumber(value)) path += `${drawing ? "L" : "M"}${x(times[index]).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = isNumber(value);
  }
  return path;
}

function areaPath(times, lower, upper, x, y) {
  let path = "";
  for (const [start, end] of stretches(upper)) {
    const there = [];
    const back = [];
    for (let index = start; index < end; index += 1) {
      there.push(`${x(times[index]).toFixed(1)} ${y(upper[index]).toFixed(1)}`);
      back.unshift(`${x(times[index]).toFixed(1)} ${y(lower[index]).toFixed(1)}`);
    }
    path += `M${[...there, ...back].join("L")}Z`;
  }
  return path;
}

/** Where values are without a break: pairs of the first index and the one after the last. */
function stretches(values) {
  const found = [];
  let start = null;
  for (let index = 0; index <= values.length; index += 1) {
    const there = index < values.length && isNumber(values[index]);
    if (there) start ??= index;
    else if (start !== null) {
      found.push([start, index]);
      start = null;
    }
  }
  return found;
}

function nearest(times, at) {
  let best = 0;
  for (let index = 1; index < times.length; index += 1) {
    if (Math.abs(times[index] - at) < Math.abs(times[best] - at)) best = index;
  }
  return best;
}
