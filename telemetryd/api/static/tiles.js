// The numbers one looks at first, each with its unit, what it is made of, and its shape over the last minutes.

import { addressTo } from "./address.js";
import { fill, h, mark, say } from "./element.js";
import { apart, count, counted, decimal, percent, reading, stretch } from "./quantities.js";
import { Sparkline } from "./sparkline.js";

/** One tile; `tell` gives it what to say. */
class Tile {
  spark = new Sparkline();
  #value = h("span", { class: "value" });
  #unit = h("span", { class: "unit" });
  #detail = h("p", { class: "detail" });

  constructor(title, name, aside = null) {
    this.element = h(
      "section",
      { class: "card tile", data: { tile: name } },
      h("h3", {}, title, aside),
      h("p", { class: "reading" }, this.#value, " ", this.#unit),
      this.spark.element,
      this.#detail,
    );
  }

  /** `mood` is `bad` where a number deserves a second look; `detail` is a text, or nodes. */
  tell(value, unit, detail, mood = null) {
    say(this.#value, value);
    say(this.#unit, unit);
    if (typeof detail === "string") say(this.#detail, detail);
    else fill(this.#detail, detail);
    mark(this.element, "data-mood", mood);
  }
}

/** The five tiles. */
export class Tiles {
  #throughput = new Tile("Throughput", "throughput");
  #success = new Tile("Success rate", "success");
  #latency = new Tile("Latency p95, worst series", "latency");
  #queue = new Tile("In flight", "queue");
  #balance = h("a", { class: "aside", href: addressTo("live"), on: { click: toBooks } });
  #ingest = new Tile("Ingest", "ingest", this.#balance);
  #worst = h("a", {});
  #worstNote = h("span", {});
  #counts = Object.fromEntries(["pending", "processing", "retrying"].map((status) => [status, h("b")]));
  #queueDetail = Object.entries(this.#counts).map(([status, number]) =>
    h("span", { class: "part", data: { status } }, h("span", { class: "dot", "aria-hidden": "true" }), number, ` ${status}`),
  );
  #books = null;

  constructor() {
    const all = [this.#throughput, this.#success, this.#latency, this.#queue, this.#ingest];
    this.element = h("div", { class: "tiles feeds" }, all.map(({ element }) => element));
  }

  /** Tell what a realtime answer says of all series together; `linked(row)` is where a series leads to. */
  live(totals, linked) {
    const window = stretch(totals.window);
    const nothing = `No operation has ended in the last ${window}.`;
    this.#throughput.tell(decimal(totals.throughput), "ops/min", `${count(totals.ended)} ended in the last ${window}`);
    this.#success.tell(
      ...apart(percent(totals.success)),
      totals.ended ? `${count(totals.failed)} failed of ${count(totals.ended)}` : nothing,
    );
    this.#latency.tell(...reading(totals.worst?.p95 ?? null), totals.worst ? [this.#worst, this.#worstNote] : nothing);
    if (totals.worst) {
      say(this.#worst, `${totals.worst.operationType} on ${totals.worst.backend}`);
      mark(this.#worst, "href", linked(totals.worst));
      say(this.#worstNote, `, of ${counted(totals.worst.latencies, "operation")}`);
    }
    for (const [status, number] of Object.entries(this.#counts)) say(number, count(totals[status]));
    this.#queue.tell(count(totals.inFlight), totals.inFlight === 1 ? "operation" : "operations", this.#queueDetail);
  }

  /** Tell what the daemon's books say; the rate comes from two of them. */
  ingest({ books, timestamp }, at) {
    const before = this.#books;
    this.#books = { received: books.received, timestamp };
    const passed = before ? timestamp - before.timestamp : 0;
    const rate = passed > 0 && books.received >= before.received ? (books.received - before.received) / passed : null;
    const lost = books.rejected + books.dropped_by_producers;
    const balanced = isBalanced(books);
    say(this.#balance, balanced ? "✓ balanced" : "✗ does not add up");
    mark(this.#balance, "data-mood", balanced ? "good" : "bad");
    const parts = [["received"], ["stored"], ["rejected"], ["dropped_by_producers", "dropped"], ["in_flight", "in flight"]];
    const detail = parts.map(([key, word = key]) => h("span", { class: "part" }, `${count(books[key])} ${word} `));
    this.#ingest.tell(decimal(rate), "events/s", detail, lost || !balanced ? "bad" : null);
    return rate === null ? null : [at, { ingest: rate }];
  }

  /** Draw the lines of the last minutes. */
  draw(totals, ingest, from, to) {
    const line = (tile, recent, name, floor) => tile.spark.draw(recent.times(from), recent.numbers(name, from), from, to, floor);
    line(this.#throughput, totals, "throughput");
    line(this.#success, totals, "success", 0.5);
    line(this.#latency, totals, "worst");
    line(this.#queue, totals, "inFlight");
    line(this.#ingest, ingest, "ingest");
  }
}

/** Whether what came in is all accounted for. */
export function isBalanced(books) {
  return books.received === books.stored + books.duplicate + books.rejected + books.discarded + books.in_flight;
}

function toBooks(event) {
  event.preventDefault();
  const title = document.getElementById("books-title");
  title.scrollIntoView({ block: "center" });
  title.focus({ preventScroll: true });
}
