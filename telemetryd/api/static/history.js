// The history view: any range of the past in numbers, in charts of all eight metrics, and series by series.

import { addressOf, ask, isTakenBack, nodeNow, probe } from "./daemon.js";
import { amend, go, readAddress, shared } from "./address.js";
import { FigureCard } from "./figurecard.js";
import { Filters, filtersOf } from "./filters.js";
import { fill, h, mark, say } from "./element.js";
import { laneOf } from "./lane.js";
import { minute, time, zoneName } from "./moments.js";
import { Polling } from "./polling.js";
import { zone } from "./preferences.js";
import { count, stretch } from "./quantities.js";
import { RangePicker, between, rangeOf } from "./range.js";
import { ReportMaker } from "./reportmaker.js";
import { RANGE_COLUMNS, seriesTable, sortOf, textOf } from "./serieslist.js";
import { Summary, rangeRows } from "./summary.js";
import { Zoom } from "./zoom.js";

const METRICS = new Map([
  ["operation_latency", "Latency"],
  ["throughput", "Throughput"],
  ["operation_count", "Operations by status"],
  ["success_rate", "Success rate"],
  ["error_rate", "Error rate"],
  ["queue_size", "In flight"],
  ["retry_count", "Retries"],
  ["backend_health", "Backend health"],
]);
// The daemon draws one chart after the other; more at once would only wait there.
const CHARTS_AT_ONCE = 2;
const USUAL_SORT = { key: "ended", descending: true };
// How often a range that ends now is asked for again: about as often as a chart has a new pixel.
const SHORTEST_REFRESH = 15;
const REFRESHES_A_RANGE = 120;
const NEVER = 86_400;

export class HistoryView {
  #parameters = {};
  #shown = "";
  #summary = new Summary();
  #filters = new Filters("history", (changes) => this.#go(changes));
  #picker = new RangePicker("history-range", (changes) => this.#go(changes));
  #maker = new ReportMaker(() => rangeOf(this.#parameters));
  #zoom = new Zoom((start, end) => this.#go(between(start, end)));
  #cards = [];
  #chosen = new Map();
  #chosenCount = h("span");
  #updated = h("span", { class: "detail" });
  #auto = h("input", { type: "checkbox", checked: true });
  #autoLabel = h("label", { class: "check" }, this.#auto, " auto-refresh");
  #notice = h("p", { class: "notice", data: { mood: "bad" }, role: "alert", hidden: true });
  #hasImages = null;
  #noImages = h("p", { class: "detail", hidden: true }, "PNG and SVG need a Chromium on the node, and there is none (Debian: apt install chromium-headless-shell).");
  #csv = h("a", { class: "detail", target: "_blank", rel: "noopener" }, "all metrics as CSV");
  #span = h("p", { class: "detail" });
  #byHand = false;
  #polling = new Polling(SHORTEST_REFRESH, (signal) => this.#refresh(signal));
  #table = seriesTable({
    caption: "Series in the range",
    columns: RANGE_COLUMNS,
    parameters: () => shared(this.#parameters),
    sort: USUAL_SORT,
    onSort: (sort) => amend("history", { ...this.#parameters, by: textOf(sort) }),
  });

  constructor(root) {
    const lane = laneOf(CHARTS_AT_ONCE);
    const listeners = { lane, onDrawn: (plot, whole) => this.#zoom.follow(plot, whole), onPoint: (filters) => this.#lead(filters) };
    this.#cards = [...METRICS].map(([metric, title]) => new FigureCard(metric, title, listeners));
    const refresh = h("button", { type: "button", on: { click: () => this.#now() } }, "Refresh");
    fill(
      root,
      h(
        "div",
        { class: "view-head" },
        h("h2", { id: "history-title", tabindex: "-1" }, "History"),
        this.#picker.element,
        h("div", { class: "refresh" }, refresh, this.#autoLabel, this.#updated),
      ),
      h("div", { class: "toolbar" }, this.#filters.element, this.#chooser(), this.#maker.element),
      this.#notice,
      this.#span,
      this.#summary.element,
      this.#zoom.element,
      this.#noImages,
      h("p", { class: "detail" }, "What is clicked on in a chart leads to its slowest operations, as the rows of the table below do."),
      h("div", { class: "figures" }, this.#cards.map((card) => card.element)),
      h(
        "section",
        { class: "card", "aria-labelledby": "range-series-title" },
        h("header", {}, h("h3", { id: "range-series-title" }, "Series in this range"), h("p", { class: "detail" }, "a row leads to its operations"), this.#csv),
        this.#table.element,
      ),
    );
  }

  show(parameters) {
    this.#parameters = parameters;
    this.#picker.show(parameters);
    this.#filters.show(parameters);
    this.#maker.show();
    this.#table.sortBy(sortOf(parameters.by, USUAL_SORT));
    this.#showMetrics(parameters.metric_type);
    // Sorting and the like ask nothing of the daemon.
    const wanted = JSON.stringify([shared(parameters), zone()]);
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    this.#zoom.forget();
    const { moving, seconds } = rangeOf(parameters);
    this.#autoLabel.hidden = !moving;
    this.#byHand = true;
    this.#polling.every(moving ? Math.max(SHORTEST_REFRESH, seconds / REFRESHES_A_RANGE) : NEVER);
  }

  hide() {
    this.#shown = "";
    this.#polling.stop();
    this.#maker.hide();
    for (const card of this.#cards) card.hide();
  }

  /** The theme or the zone is another. */
  redraw() {
    this.#shown = "";
    this.show(this.#parameters);
  }

  #now() {
    this.#byHand = true;
    this.#polling.now();
  }

  async #refresh(signal) {
    const wanted = this.#byHand || (this.#auto.checked && !this.#autoLabel.hidden && !this.#zoom.zoomed);
    this.#byHand = false;
    if (wanted) await this.#load(signal);
  }

  async #load(signal) {
    const range = rangeOf(this.#parameters);
    const filters = filtersOf(this.#parameters);
    say(this.#span, `${minute(range.start)} to ${minute(range.end)}, ${zoneName()} · ${stretch(range.end - range.start)}`);
    mark(this.#csv, "href", addressOf("metrics", { ...filters, start_time: range.start, end_time: range.end, format: "csv" }));
    this.#hasImages ??= await canDraw(signal);
    this.#noImages.hidden = this.#hasImages;
    for (const card of this.#cards) card.show(filters, range, this.#hasImages);
    const asked = { start_time: range.start, end_time: range.end, aggregation: "average" };
    try {
      const answer = await ask("metrics", { ...filters, ...asked }, { signal });
      const rows = rangeRows(answer.metrics);
      this.#summary.show(rows, (Math.min(range.end, nodeNow()) - range.start) / 60);
      this.#table.update(rows, this.#nothing(filters));
      say(this.#updated, `updated ${time(answer.timestamp)}`);
      this.#tell("");
      await this.#suggest(rows, filters, asked, signal);
    } catch (error) {
      if (isTakenBack(error) || !error.kind) throw error;
      this.#tell(error.message);
    }
  }

  async #suggest(rows, filters, asked, signal) {
    let all = rows;
    if (Object.values(filters).some(Boolean)) {
      const answer = await ask("metrics", { ...asked, metric_type: "operation_count" }, { signal });
      all = rangeRows(answer.metrics);
    }
    this.#filters.suggest(new Set(all.map((row) => row.operationType)), new Set(all.map((row) => row.backend)));
  }

  #nothing(filters) {
    const filtered = Object.values(filters).some(Boolean);
    return `Nothing happened in this range${filtered ? " that these filters leave" : ""}.`;
  }

  #tell(sentence) {
    this.#notice.hidden = !sentence;
    say(this.#notice, sentence);
  }

  #go(changes) {
    const { parameters } = readAddress();
    go("history", { ...parameters, ...changes });
  }

  /** Show the operations of what was pointed at; the filters in force go on. */
  #lead(filters) {
    go("operations", { ...shared(this.#parameters), ...filters, sort: "slowest" });
  }

  #chooser() {
    const boxes = [...METRICS].map(([metric, title]) => {
      const box = h("input", { type: "checkbox", checked: true, on: { change: () => this.#choose() } });
      this.#chosen.set(metric, box);
      return h("label", { class: "check" }, box, ` ${title}`);
    });
    return h(
      "details",
      { class: "chooser" },
      h("summary", {}, "Charts: ", this.#chosenCount),
      h("fieldset", {}, h("legend", { class: "unseen" }, "Charts that are shown"), boxes),
    );
  }

  #choose() {
    const wanted = [...this.#chosen].filter(([, box]) => box.checked).map(([metric]) => metric);
    amend("history", { ...this.#parameters, metric_type: wanted.length === METRICS.size ? "" : wanted.join(",") || "none" });
  }

  #showMetrics(text) {
    const wanted = text ? new Set(text.split(",")) : null;
    let shown = 0;
    for (const [index, metric] of [...METRICS.keys()].entries()) {
      const chosen = wanted === null || wanted.has(metric);
      this.#chosen.get(metric).checked = chosen;
      this.#cards[index].element.hidden = !chosen;
      shown += chosen ? 1 : 0;
    }
    say(this.#chosenCount, shown === METRICS.size ? "all" : `${count(shown)} of ${METRICS.size}`);
  }
}

/** Whether the node has a browser to make images with; what cannot be asked just now is taken to be so. */
async function canDraw(signal) {
  try {
    return (await probe("healthy", { signal })).browser !== null;
  } catch (error) {
    if (isTakenBack(error) || !error.kind) throw error;
    return true;
  }
}
