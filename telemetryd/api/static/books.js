// The daemon's own books: every event that came in, and what became of it.

import { fill, h, say } from "./element.js";
import { count, counted } from "./quantities.js";
import { isBalanced } from "./tiles.js";

const ENTRIES = [
  ["received", "received", ""],
  ["stored", "stored", "="],
  ["duplicate", "duplicate", "+"],
  ["rejected", "rejected", "+"],
  ["discarded", "discarded", "+"],
  ["in_flight", "in flight", "+"],
];

/** An account that adds up, or says that it does not. */
export class Books {
  #numbers = new Map(ENTRIES.map(([key]) => [key, h("dd")]));
  #verdict = h("p", { class: "verdict" });
  #reasons = h("ul", { class: "reasons" });
  #beside = h("p", { class: "detail" });

  constructor() {
    const title = h("h3", { id: "books-title", tabindex: "-1" }, "The daemon's own books");
    const account = h("dl", { class: "account" }, ENTRIES.map(([key, word, sign]) =>
      h("div", {}, h("dt", {}, h("span", { class: "sign", "aria-hidden": "true" }, sign), word), this.#numbers.get(key)),
    ));
    this.element = h(
      "section",
      { class: "card books", "aria-labelledby": "books-title" },
      h("header", {}, title, this.#verdict),
      account,
      this.#reasons,
      this.#beside,
    );
  }

  /** Show the books of `/-/healthy`. */
  show({ books, version }) {
    for (const [key, number] of this.#numbers) say(number, count(books[key]));
    const balanced = isBalanced(books);
    this.#verdict.dataset.mood = balanced ? "good" : "bad";
    say(this.#verdict, balanced ? "balanced" : "does not add up");
    const reasons = Object.entries(books.rejected_by_reason).sort(([, one], [, other]) => other - one);
    fill(this.#reasons, reasons.map(([reason, number]) => h("li", {}, h("b", {}, count(number)), ` rejected as ${reason}`)));
    const beside = [
      "Events since this process started.",
      books.dropped_by_producers ? `${counted(books.dropped_by_producers, "event")} dropped by producers before they were sent.` : "",
      books.folded_series ? `${counted(books.folded_series, "event")} of types or backends beyond the limits, kept as “other”.` : "",
      `telemetryd ${version}.`,
    ];
    say(this.#beside, beside.filter(Boolean).join(" "));
  }
}
