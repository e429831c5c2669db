// Zooming into one chart zooms all of them, and what is zoomed into can become the range.

import { h, say } from "./element.js";
import { minute } from "./moments.js";

/** Follows charts; `onUse(start, end)` is told when the part that is seen is to be the range. */
export class Zoom {
  zoomed = null;
  #charts = new Map();
  #whole = [];
  #words = h("span");
  #onUse;

  constructor(onUse) {
    this.#onUse = onUse;
    const use = h("button", { type: "button", on: { click: () => this.#use() } }, "Make this the range");
    const back = h("button", { type: "button", class: "quiet", on: { click: () => this.#reset() } }, "Whole range");
    this.element = h("p", { class: "notice zoom", hidden: true }, this.#words, " ", use, back);
  }

  /** Take part in what happens to a chart that was just drawn, of which `whole` is the range of its axis. */
  follow(plot, whole) {
    this.#whole = whole;
    const known = this.#charts.get(plot);
    if (known) plot.removeListener?.("plotly_relayout", known);
    const listener = (change) => this.#changed(change);
    this.#charts.set(plot, listener);
    plot.on?.("plotly_relayout", listener);
    window.telemetrydCharts.link([...this.#charts.keys()]);
  }

  forget() {
    this.zoomed = null;
    this.element.hidden = true;
  }

  #changed(change) {
    const [start, end] = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (change["xaxis.autorange"]) this.forget();
    if (start === undefined || end === undefined) return;
    const seen = [instant(start), instant(end)];
    if (this.#whole.length && this.#whole.every((at, index) => Math.abs(instant(at) - seen[index]) < 1)) {
      this.forget();
      return;
    }
    this.zoomed = seen;
    this.element.hidden = false;
    say(this.#words, `The charts show ${minute(this.zoomed[0])} to ${minute(this.zoomed[1])}.`);
  }

  #use() {
    const [start, end] = this.zoomed;
    this.#onUse(start, end);
  }

  #reset() {
    const [first] = this.#charts.keys();
    window.Plotly.relayout(first, { "xaxis.range": [...this.#whole] });
    this.forget();
  }
}

/** Plotly's instants are milliseconds, or texts in UTC. */
function instant(value) {
  const text = typeof value === "number" ? value : Date.parse(`${value.replace(" ", "T").slice(0, 23)}Z`);
  return text / 1000;
}
