// The table of series: the same columns for the last minutes and for any range of the past.

import { addressTo } from "./address.js";
import { seriesColour } from "./colours.js";
import { h, mark, say } from "./element.js";
import { count, decimal, percent, seconds } from "./quantities.js";
import { Table, rowLink } from "./table.js";

/** Columns by key; a live table and one of a range take different ones. */
const COLUMNS = {
  type: { key: "type", title: "Operation", value: (row) => row.operationType },
  backend: { key: "backend", title: "Backend", value: (row) => row.backend, show: showBackend },
  inFlight: numeric("inflight", "In flight", (row) => row.inFlight, count),
  began: numeric("began", "Began", (row) => row.began, count),
  ended: numeric("ended", "Ended", (row) => row.ended, count),
  throughput: numeric("rate", "Per minute", (row) => row.throughput, decimal),
  success: numeric("success", "Success", (row) => row.success, percent),
  retries: numeric("retries", "Retries", (row) => row.retries, count),
  median: numeric("median", "Median", (row) => row.median, seconds),
  p95: numeric("p95", "p95", (row) => row.p95, seconds),
  p99: numeric("p99", "p99", (row) => row.p99, seconds),
};

export const LIVE_COLUMNS = ["type", "backend", "inFlight", "ended", "throughput", "success", "median", "p95"];
export const RANGE_COLUMNS = ["type", "backend", "began", "ended", "throughput", "success", "retries", "median", "p95", "p99"];

/** A table of series whose rows lead to their operations; `parameters()` are what those share with the view. */
export function seriesTable({ caption, columns, parameters, sort, onSort }) {
  const type = { ...COLUMNS.type, show: (cell, row) => showType(cell, row, parameters()) };
  return new Table({
    caption,
    columns: [type, ...columns.slice(1).map((name) => COLUMNS[name])],
    id: (row) => JSON.stringify([row.operationType, row.backend]),
    sort,
    onSort,
    className: "series",
  });
}

/** Where a series leads to: its slowest operations. */
export function operationsOf({ operationType, backend }, parameters) {
  return addressTo("operations", { ...parameters, operation_type: operationType, backend, sort: "slowest" });
}

/** Sorting in an address: `p95` is ascending, `-p95` descending. */
export function sortOf(text, otherwise) {
  const found = /^(-?)([a-z0-9]+)$/.exec(text ?? "");
  return found ? { key: found[2], descending: found[1] === "-" } : otherwise;
}

export function textOf({ key, descending }) {
  return `${descending ? "-" : ""}${key}`;
}

function numeric(key, title, value, text) {
  return { key, title, value: (row) => value(row) ?? null, text: (row) => text(value(row)), numeric: true };
}

function showType(cell, row, parameters) {
  rowLink(cell, { href: operationsOf(row, parameters), text: row.operationType });
  mark(cell.firstChild, "aria-label", `${row.operationType} on ${row.backend}: show its operations`);
}

function showBackend(cell, row) {
  if (!cell.firstChild) cell.append(h("span", { class: "swatch", "aria-hidden": "true" }), h("span", {}));
  cell.firstChild.style.background = seriesColour(row.operationType, row.backend);
  say(cell.lastChild, row.backend);
  mark(cell, "title", row.backend);
}
