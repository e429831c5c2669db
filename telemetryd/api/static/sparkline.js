// A line of the last minutes, as large as a word: for the shape of things, not for reading values.

import { mark, svg } from "./element.js";
import { isNumber } from "./quantities.js";

const WIDTH = 120;
const HEIGHT = 28;

/** An SVG to be given numbers with `draw`; it says nothing to a screen reader, for the tile beside it does. */
export class Sparkline {
  #path = svg("path", { class: "line" });

  constructor() {
    this.element = svg(
      "svg",
      { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      this.#path,
    );
  }

  /** Draw numbers at instants between `from` and `to`, between 0 or `floor` and the largest of them. */
  draw(times, values, from, to, floor = 0) {
    const highest = Math.max(...values.filter(isNumber), floor + 1e-9);
    let path = "";
    let drawing = false;
    for (const [index, value] of values.entries()) {
      if (isNumber(value)) {
        const x = ((times[index] - from) / (to - from)) * WIDTH;
        const y = HEIGHT - 2 - ((Math.max(value, floor) - floor) / (highest - floor)) * (HEIGHT - 4);
        path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      }
      drawing = isNumber(value);
    }
    mark(this.#path, "d", path);
  }
}
