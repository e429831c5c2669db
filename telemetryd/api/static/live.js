// The live view: tiles, three charts, the series, the backends and the books, all of the present.

import { amend, readAddress } from "./address.js";
import { Backends } from "./backends.js";
import { Books } from "./books.js";
import { isTakenBack, nodeNow, probe } from "./daemon.js";
import { fill, h, say } from "./element.js";
import { LiveCharts } from "./livecharts.js";
import { moment } from "./moments.js";
import { past } from "./past.js";
import { Polling } from "./polling.js";
import { rowsOf, totalsOf } from "./realtime.js";
import { Recent } from "./recent.js";
import { segments } from "./segments.js";
import { LIVE_COLUMNS, operationsOf, seriesTable, sortOf, textOf } from "./serieslist.js";
import { INTERVAL } from "./stream.js";
import { Tiles } from "./tiles.js";
import { stretch } from "./quantities.js";

export const WINDOWS = new Map([["1m", 60], ["5m", 300], ["15m", 900]]);
const USUAL_WINDOW = "5m";
// What the charts reach back to, and how much of that is remembered at most: one instant for each number.
const SPAN = 900;
const CAPACITY = SPAN / INTERVAL + 32;
const MOST_SERIES = 64;
const BOOKS_EVERY = 5;
// Where so much is missing, it is asked for: a point a minute is what the past has.
const MISSING = 90;
const USUAL_SORT = { key: "ended", descending: true };
// Where a series leads to: the same minutes, or the shortest range that holds them.
const DRILL = { range: "15m" };

export class LiveView {
  #root;
  #stream;
  #window = USUAL_WINDOW;
  #totals = new Recent(CAPACITY, 16);
  #latency = new Recent(CAPACITY, MOST_SERIES);
  #ingest = new Recent(SPAN / BOOKS_EVERY, 1);
  #rows = [];
  #answer = null;
  #asking = null;
  #find = "";
  #tiles = new Tiles();
  #charts = new LiveCharts();
  #backends = new Backends();
  #books = new Books();
  #polling = new Polling(BOOKS_EVERY, (signal) => this.#askBooks(signal));
  #table = seriesTable({
    caption: "Series: what is in flight, and what ended in the window",
    columns: LIVE_COLUMNS,
    parameters: () => DRILL,
    sort: USUAL_SORT,
    onSort: (sort) => this.#amend({ by: textOf(sort) }),
  });
  #windows = segments({
    legend: "Numbers over the last",
    hideLegend: false,
    name: "window",
    options: [["1m", "1 min"], ["5m", "5 min"], ["15m", "15 min"]],
    chosen: USUAL_WINDOW,
    onChoose: (value) => this.#amend({ window: value === USUAL_WINDOW ? "" : value }),
  });
  #field = h("input", { type: "search", id: "series-find", placeholder: "Filter", on: { input: () => this.#amend({ find: this.#field.value }) } });
  #stale = h("p", { class: "notice", data: { mood: "bad" }, hidden: true });

  constructor(root, stream) {
    this.#root = root;
    this.#stream = stream;
    const list = h(
      "section",
      { class: "card feeds", "aria-labelledby": "series-title" },
      h(
        "header",
        {},
        h("h3", { id: "series-title" }, "Series"),
        h("p", { class: "detail" }, "a row leads to its operations"),
        h("label", { class: "unseen", for: "series-find" }, "Filter the series by name"),
        this.#field,
      ),
      this.#table.element,
    );
    fill(
      root,
      h("div", { class: "view-head" }, h("h2", { id: "live-title", tabindex: "-1" }, "Live"), this.#windows.element),
      this.#stale,
      this.#tiles.element,
      this.#charts.element,
      h("div", { class: "columns" }, list, h("div", { class: "column" }, this.#backends.element, this.#books.element)),
    );
    this.#table.update([], "Waiting for the first numbers.");
    stream.addEventListener("answer", ({ detail }) => this.#take(detail));
    stream.addEventListener("state", () => this.#showStale());
    document.addEventListener("visibilitychange", () => this.redraw());
  }

  show({ window = USUAL_WINDOW, by, find = "" }) {
    const chosen = WINDOWS.has(window) ? window : USUAL_WINDOW;
    if (chosen !== this.#window) this.#lookOver(chosen);
    this.#find = find;
    if (this.#field.value !== find) this.#field.value = find;
    this.#table.sortBy(sortOf(by, USUAL_SORT));
    this.#backends.start();
    this.#polling.start();
    this.redraw();
  }

  hide() {
    this.#backends.stop();
    this.#polling.stop();
  }

  redraw() {
    if (this.#root.hidden || document.hidden || !this.#answer) return;
    const to = Math.max(nodeNow(), this.#totals.last ?? 0);
    const from = to - SPAN;
    const linked = (parts) => operationsOf(parts, DRILL);
    this.#tiles.live(totalsOf(this.#answer, this.#rows), linked);
    this.#tiles.draw(this.#totals, this.#ingest, from, to);
    this.#charts.draw({
      totals: this.#totals,
      latency: this.#latency,
      from,
      to,
      window: this.#answer.window,
      backends: this.#backends.names,
      linked,
    });
    const wanted = this.#find.toLowerCase();
    const found = this.#rows.filter(({ name }) => name.toLowerCase().includes(wanted));
    const nothing = `Nothing is in flight, and no operation has ended in the last ${stretch(this.#answer.window)}.`;
    this.#table.update(found, this.#rows.length ? `No series has “${this.#find}” in its name.` : nothing);
  }

  #amend(changes) {
    const { view, parameters } = readAddress();
    amend(view, { ...parameters, ...changes });
  }

  #take(answer) {
    if (answer.window !== WINDOWS.get(this.#window)) return; // the last one of the stream before
    const missed = answer.timestamp - (this.#totals.last ?? -Infinity);
    if (missed > MISSING) this.#recall();
    else if (missed > 3 * INTERVAL) [this.#totals, this.#latency].forEach((recent) => recent.gap());
    this.#answer = answer;
    this.#rows = rowsOf(answer, this.#backends.names);
    const { throughput, success, pending, processing, retrying, inFlight, worst } = totalsOf(answer, this.#rows);
    this.#totals.push(answer.timestamp, { throughput, success, pending, processing, retrying, inFlight, worst: worst?.p95 });
    this.#latency.push(answer.timestamp, new Map(this.#rows.map(({ name, p95 }) => [name, p95])));
    this.redraw();
  }

  /** Ask for the minutes that nobody saw: before the page was opened, or while it was not looked at. */
  async #recall() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    try {
      const { totals, latency } = await past(WINDOWS.get(this.#window), SPAN, signal);
      if (signal.aborted) return;
      this.#totals.complete(totals);
      this.#latency.complete(latency);
      this.redraw();
    } catch (error) {
      // Without a past the charts begin now; what is wrong, the state line says.
      if (!isTakenBack(error) && error.kind === undefined) throw error;
    }
  }

  #lookOver(window) {
    this.#window = window;
    this.#windows.choose(window);
    for (const recent of [this.#totals, this.#latency]) recent.clear();
    this.#stream.over(WINDOWS.get(window));
  }

  #showStale() {
    const stale = this.#stream.state === "stale" && this.#totals.last !== null;
    this.#stale.hidden = !stale;
    say(this.#stale, stale ? `What is shown is from ${moment(this.#totals.last)}: nothing newer has come.` : "");
  }

  async #askBooks(signal) {
    try {
      const answer = await probe("healthy", { signal });
      // They are told to nobody who may not read.
      if (!answer.books) return;
      this.#books.show(answer);
      const rate = this.#tiles.ingest(answer, answer.timestamp);
      if (rate) this.#ingest.push(...rate);
    } catch (error) {
      if (!error.kind && !isTakenBack(error)) throw error; // the state line says that nobody answers
    }
  }
}
