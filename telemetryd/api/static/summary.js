// A range in numbers: one answer of the daemon, as totals and as a row for each series.

import { h, say } from "./element.js";
import { count, counted, decimal, percent, seconds } from "./quantities.js";

/** A row for each series of the answer to `/metrics?aggregation=average`: totals of counts, rates of the whole range. */
export function rangeRows(metrics) {
  const rows = new Map();
  const put = (metric, add) => {
    for (const [operationType, backends] of Object.entries(metrics[metric] ?? {})) {
      for (const [backend, [sample]] of Object.entries(backends)) {
        if (!sample) continue;
        const key = JSON.stringify([operationType, backend]);
        const row = rows.get(key) ?? { ...NO_ROW, operationType, backend };
        rows.set(key, { ...row, ...add(sample) });
      }
    }
  };
  put("operation_count", ({ count: began }) => ({ began }));
  put("throughput", ({ value, count: ended }) => ({ ended, throughput: value }));
  put("success_rate", ({ value, count: rated }) => ({ success: value, rated }));
  put("retry_count", ({ count: retries }) => ({ retries }));
  put("operation_latency", ({ median, percentile_95, percentile_99 }) => ({ median, p95: percentile_95, p99: percentile_99 }));
  put("queue_size", ({ max }) => ({ most: max }));
  // A series of which nothing happened in the range is known, and no row.
  return [...rows.values()].filter(({ began, ended, retries, rated, most }) => began || ended || retries || rated || most);
}

const NO_ROW = {
  began: 0, ended: 0, rated: 0, retries: 0, throughput: 0, success: null, median: null, p95: null, p99: null, most: 0,
};

/** The numbers of a range, side by side. */
export class Summary {
  #values = {};
  element;

  constructor() {
    const entry = (key, title) => {
      this.#values[key] = { value: h("dd", {}), note: h("dd", { class: "detail" }) };
      return h("div", { data: { number: key } }, h("dt", {}, title), this.#values[key].value, this.#values[key].note);
    };
    this.element = h(
      "dl",
      { class: "card summary" },
      entry("began", "Began"),
      entry("ended", "Ended"),
      entry("success", "Success rate"),
      entry("latency", "p95, worst series"),
      entry("retries", "Retries"),
      entry("series", "Series"),
    );
  }

  /** Show the totals of these rows, of a range of so many minutes. */
  show(rows, minutes) {
    const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
    const [ended, rated] = [sum("ended"), sum("rated")];
    const well = rows.reduce((total, row) => total + (row.success ?? 0) * row.rated, 0);
    const worst = rows.reduce((found, row) => ((row.p95 ?? -1) > (found?.p95 ?? -1) ? row : found), null);
    this.#say("began", count(sum("began")), "operations");
    this.#say("ended", count(ended), minutes > 0 ? `${decimal(ended / minutes)} a minute` : "");
    this.#say("success", rated ? percent(well / rated) : "–", rated ? `${count(Math.round(rated - well))} of ${count(rated)} failed` : "nothing ended");
    this.#say("latency", seconds(worst?.p95 ?? null), worst && worst.p95 !== null ? `${worst.operationType} on ${worst.backend}` : "");
    this.#say("retries", count(sum("retries")), ended ? `${decimal((sum("retries") / ended) * 100)} in 100 operations` : "");
    this.#say("series", count(rows.length), counted(new Set(rows.map(({ backend }) => backend)).size, "backend"));
  }

  #say(key, value, note) {
    say(this.#values[key].value, value);
    say(this.#values[key].note, note);
  }
}
