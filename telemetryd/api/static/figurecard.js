// One metric of a range as a chart, drawn by the daemon's own design and shown when it comes into view.

import { addressOf, ask, isTakenBack } from "./daemon.js";
import { fill, h, mark } from "./element.js";
import { plotting } from "./plotting.js";
import { onPointed } from "./pointed.js";
import { chosenTheme, theme } from "./preferences.js";

const PIXELS_AN_INCH = 100;
const [SMALLEST, LARGEST] = [3, 40];
const HEIGHT = 4;
// What a file is drawn for: a page, not the screen that happens to be here.
const FILE_SIZE = { width: 12, height: 6 };

/** A card; `show` gives it a range (and whether the node can make images), it draws itself when it is seen. `lane(task)` lets so many tasks run at once; `onPoint(filters)` is told of what is clicked on. */
export class FigureCard {
  plot = h("div", { class: "figure" });
  #metric;
  #title;
  #lane;
  #onDrawn;
  #onPoint;
  #listens = false;
  #asked = null;
  #seen = false;
  #stale = true;
  #running = null;
  #status = h("p", { class: "figure-status" });
  #links = h("p", { class: "links" });

  constructor(metric, title, { lane, onDrawn, onPoint }) {
    this.#metric = metric;
    this.#title = title;
    this.#lane = lane;
    this.#onDrawn = onDrawn;
    this.#onPoint = onPoint;
    const id = `figure-${metric}`;
    const links = ["PNG", "SVG", "HTML", "CSV"].map((word) => h("a", { target: "_blank", rel: "noopener" }, word));
    fill(this.#links, h("span", {}, `${title} as `), links);
    this.element = h(
      "section",
      { class: "card figure-card", data: { metric, state: "waiting" }, "aria-labelledby": id },
      // The figure has its own heading for the eye.
      h("h3", { id, class: "unseen" }, title),
      h("div", { class: "figure-frame" }, this.plot, this.#status),
      this.#links,
    );
    new IntersectionObserver(
      (entries) => {
        this.#seen = entries.at(-1).isIntersecting;
        this.#drawIfSeen();
      },
      { rootMargin: "300px" },
    ).observe(this.element);
  }

  /** Show these filters and this range; nothing is asked of the daemon before the card is in view. */
  show(filters, { start, end }, images) {
    this.#asked = { ...filters, start_time: start, end_time: end };
    this.#stale = true;
    const chart = (format) => addressOf(`visualization/${this.#metric}`, { ...this.#asked, ...FILE_SIZE, theme: format === "html" ? chosenTheme() : theme(), format });
    const data = addressOf("metrics", { metric_type: this.#metric, ...this.#asked, format: "csv" });
    const hrefs = { PNG: chart("png"), SVG: chart("svg"), HTML: chart("html"), CSV: data };
    for (const link of this.#links.querySelectorAll("a")) {
      const word = link.textContent;
      mark(link, "href", hrefs[word]);
      link.hidden = !images && (word === "PNG" || word === "SVG");
    }
    this.#drawIfSeen();
  }

  /** Take back what is asked for; it is asked again when the card is shown again. */
  hide() {
    this.#asked = null;
    this.#running?.abort();
  }

  async #drawIfSeen() {
    if (!this.#seen || !this.#stale || !this.#asked || this.element.hidden) return;
    this.#stale = false;
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#tell("loading", this.plot.childElementCount ? "" : `${this.#title}…`);
    try {
      await this.#lane(() => this.#draw(running.signal), running.signal);
    } catch (error) {
      if (isTakenBack(error)) {
        if (this.#running === running) this.#stale = true;
        return;
      }
      this.#tell("failed", error.message, () => {
        this.#stale = true;
        this.#drawIfSeen();
      });
      if (!error.kind && error.constructor !== Error) throw error;
    }
  }

  async #draw(signal) {
    const inches = Math.round(this.plot.parentElement.clientWidth / PIXELS_AN_INCH);
    const size = { width: Math.min(LARGEST, Math.max(SMALLEST, inches)), height: HEIGHT };
    const figure = await ask(`visualization/${this.#metric}`, { ...this.#asked, ...size, theme: theme(), format: "json" }, { signal });
    const charts = await plotting();
    if (signal.aborted) return;
    const { data, layout } = figure;
    // A group, not an image: what is in it can be pressed.
    mark(mark(this.plot, "role", "group"), "aria-label", layout.meta?.alt ?? this.#title);
    await charts.mount(this.plot, { data, layout }, { dark: theme() === "dark", responsive: true });
    if (!this.#listens) onPointed(this.plot, this.#onPoint);
    this.#listens = true;
    this.#tell("drawn", "");
    this.#onDrawn(this.plot, layout.xaxis?.range ?? []);
  }

  #tell(state, sentence, again = null) {
    this.element.dataset.state = state;
    mark(this.element, "aria-busy", state === "loading" ? "true" : null);
    fill(this.#status, sentence, again ? h("button", { type: "button", on: { click: again } }, "Try again") : null);
  }
}
