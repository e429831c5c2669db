// The operations view: the slowest, the failed or the recent operations of a range, each leading to its timeline.

import { addressTo, amend, go, readAddress, shared } from "./address.js";
import { seriesColour } from "./colours.js";
import { ask, isTakenBack, noteClock } from "./daemon.js";
import { fill, h, say } from "./element.js";
import { Filters, filtersOf } from "./filters.js";
import { minute, moment, time, zoneName } from "./moments.js";
import { bytes, count, counted, seconds } from "./quantities.js";
import { RangePicker, rangeOf } from "./range.js";
import { segments } from "./segments.js";
import { sortOf, textOf } from "./serieslist.js";
import { rangeRows } from "./summary.js";
import { Table, rowLink, showState } from "./table.js";

const SORTS = [["slowest", "Slowest"], ["failed", "Failed"], ["recent", "Recent"]];
const LIMITS = ["50", "200", "1000"];

export class OperationsView {
  #parameters = {};
  #found = null;
  #longest = 1;
  #shown = "";
  #asking = null;
  #picker = new RangePicker("operations-range", (changes) => this.#go(changes));
  #filters = new Filters("operations", (changes) => this.#go(changes));
  #sorts = segments({ legend: "Which", name: "operations-sort", options: SORTS, chosen: "slowest", onChoose: (sort) => this.#go({ sort, by: "" }) });
  #limit = h("select", { id: "operations-limit", on: { change: () => this.#go({ limit: this.#limit.value }) } }, LIMITS.map((limit) => h("option", { value: limit }, limit)));
  #notice = h("p", { class: "notice", data: { mood: "bad" }, role: "alert", hidden: true });
  #note = h("p", { class: "detail", role: "status" });
  #table = new Table({
    caption: "Operations",
    columns: [
      { key: "id", title: "Operation id", show: (cell, row) => this.#showId(cell, row) },
      { key: "type", title: "Operation", value: (row) => row.operation_type ?? "", show: showSeries },
      { key: "backend", title: "Backend", value: (row) => row.backend ?? "", text: (row) => row.backend ?? "–" },
      { key: "status", title: "Status", value: (row) => row.status ?? "", show: (cell, row) => showState(cell, row.status) },
      { key: "latency", title: "Latency", numeric: true, value: (row) => row.latency, show: (cell, row) => this.#showLatency(cell, row) },
      { key: "ended", title: "Ended", value: (row) => row.end_time, text: (row) => (row.end_time === null ? "in flight" : moment(row.end_time)) },
      { key: "retries", title: "Retries", numeric: true, value: (row) => row.retry_count, text: (row) => count(row.retry_count ?? 0) },
      { key: "error", title: "Error", value: (row) => row.error_type ?? "", text: (row) => row.error_type ?? "" },
      { key: "size", title: "Size", numeric: true, value: (row) => row.size, text: (row) => (row.size ? bytes(row.size) : "–") },
      { key: "producer", title: "Producer", value: (row) => row.producer ?? "", text: (row) => row.producer ?? "–" },
    ],
    id: (row) => row.operation_id,
    onSort: (sort) => amend("operations", { ...readAddress().parameters, by: textOf(sort) }),
    className: "operations",
  });

  constructor(root) {
    const refresh = h("button", { type: "button", on: { click: () => this.#load() } }, "Refresh");
    fill(
      root,
      h("div", { class: "view-head" }, h("h2", { id: "operations-title", tabindex: "-1" }, "Operations"), this.#sorts.element, this.#picker.element, h("div", { class: "refresh" }, refresh)),
      h("div", { class: "toolbar" }, this.#filters.element, h("label", {}, "At most ", this.#limit)),
      this.#notice,
      this.#note,
      h("div", { class: "card" }, this.#table.element),
    );
  }

  show(parameters) {
    this.#parameters = parameters;
    this.#picker.show(parameters);
    this.#filters.show(parameters);
    this.#sorts.choose(this.#sort);
    this.#limit.value = LIMITS.includes(parameters.limit) ? parameters.limit : LIMITS[0];
    const wanted = JSON.stringify([shared(parameters), this.#sort, this.#limit.value]);
    // Without a wish of its own the order is the daemon's.
    this.#table.sortBy(sortOf(parameters.by, null));
    if (wanted === this.#shown) return this.redraw();
    this.#shown = wanted;
    this.#found = null;
    this.#table.update([], "Asking the daemon…");
    return this.#load();
  }

  hide() {
    this.#asking?.abort();
    this.#shown = "";
  }

  redraw() {
    this.#picker.show(this.#parameters);
    if (!this.#found) return;
    const { operations, start_time: start, end_time: end, timestamp } = this.#found;
    const which = { slowest: "the slowest first", failed: "the last failed first", recent: "the last first" }[this.#found.sort];
    const full = operations.length >= this.#found.limit ? " or more" : "";
    say(this.#note, `${counted(operations.length, "operation")}${full}, ${which}, of ${minute(start)} to ${minute(end)}, ${zoneName()}; asked ${time(timestamp)}`);
    this.#longest = Math.max(...operations.map(({ latency }) => latency ?? 0), 1e-9);
    this.#table.update(operations, this.#nothing());
  }

  get #sort() {
    return SORTS.some(([sort]) => sort === this.#parameters.sort) ? this.#parameters.sort : "slowest";
  }

  async #load() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { start, end } = rangeOf(this.#parameters);
    const range = { start_time: start, end_time: end };
    try {
      this.#found = await ask("operations", { ...filtersOf(this.#parameters), ...range, sort: this.#sort, limit: this.#limit.value }, { signal });
      noteClock(this.#found.timestamp);
      this.#tell("");
      this.redraw();
      const known = rangeRows((await ask("metrics", { ...range, metric_type: "operation_count", aggregation: "count" }, { signal })).metrics);
      this.#filters.suggest(new Set(known.map((row) => row.operationType)), new Set(known.map((row) => row.backend)));
    } catch (error) {
      if (isTakenBack(error)) return;
      this.#tell(error.message);
      if (!error.kind) throw error;
    }
  }

  #nothing() {
    const word = { slowest: "has ended", failed: "has failed", recent: "was seen" }[this.#found.sort];
    const filtered = Object.values(filtersOf(this.#parameters)).some(Boolean);
    return `No operation ${word} in this range${filtered ? " that these filters leave" : ""}.`;
  }

  #showId(cell, row) {
    const href = addressTo("operations", { ...readAddress().parameters, id: row.operation_id });
    rowLink(cell, { href, text: row.operation_id, title: row.operation_id, className: "row-link id" });
  }

  /** The latency, and how it compares with the longest one shown. */
  #showLatency(cell, row) {
    if (!cell.firstChild) cell.append(h("span", { class: "measure", "aria-hidden": "true" }), h("span", {}));
    cell.firstChild.style.setProperty("--share", (row.latency ?? 0) / this.#longest);
    say(cell.lastChild, seconds(row.latency));
  }

  #tell(sentence) {
    this.#notice.hidden = !sentence;
    say(this.#notice, sentence);
    if (sentence) this.#table.update([], "");
  }

  #go(changes) {
    go("operations", { ...this.#parameters, id: "", ...changes });
  }
}

function showSeries(cell, row) {
  if (!cell.firstChild) cell.append(h("span", { class: "swatch", "aria-hidden": "true" }), h("span", {}));
  cell.firstChild.style.background = seriesColour(row.operation_type ?? "", row.backend ?? "");
  say(cell.lastChild, row.operation_type ?? "–");
}
