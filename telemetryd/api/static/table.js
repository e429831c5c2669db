// A table that sorts, and that can be given new rows every two seconds without losing the place of the reader.

import { fill, h, mark, say } from "./element.js";
import { count } from "./quantities.js";

const MOST = 50;

/**
 * `columns` are `{key, title, value, text, numeric, show}`: `value(row)` is sorted by, `text(row)` is shown (by
 * `show(cell, row)` where text is not enough); a column without `value` does not sort. `id(row)` names a row for
 * good. `sort` is `{key, descending}`; `onSort` is told of another. Beyond fifty rows a button asks for the rest.
 */
export class Table {
  #columns;
  #id;
  #sort;
  #onSort;
  #rows = [];
  #shown = new Map();
  #all = false;
  #heads = new Map();
  #body = h("tbody");
  #more = h("button", { type: "button", class: "more", hidden: true, on: { click: () => this.#showAll() } });
  #empty = h("p", { class: "empty", hidden: true });
  #scroll;

  constructor({ caption, columns, id, sort = null, onSort = () => {}, className = "" }) {
    this.#columns = columns;
    this.#id = id;
    this.#sort = sort;
    this.#onSort = onSort;
    const head = h("tr", {}, columns.map((column) => this.#newHead(column)));
    const table = h("table", { class: className }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), this.#body);
    this.#scroll = h("div", { class: "scroll" }, table);
    this.element = h("div", { class: "table" }, this.#scroll, this.#empty, this.#more);
    this.#showSort();
  }

  /** Show these rows, or the sentence where there is none. */
  update(rows, empty) {
    this.#rows = rows;
    this.#empty.hidden = rows.length > 0;
    this.#scroll.hidden = rows.length === 0;
    say(this.#empty, rows.length ? "" : empty);
    this.#draw(this.#isRead());
  }

  /** Sort by something else, without telling. */
  sortBy(sort) {
    if (sort?.key === this.#sort?.key && sort?.descending === this.#sort?.descending) return;
    this.#sort = sort;
    this.#showSort();
    this.#draw(false);
  }

  #draw(keepOrder) {
    let rows = this.#sorted();
    if (keepOrder) {
      const place = new Map([...this.#shown.keys()].map((id, index) => [id, index]));
      const placeOf = (row) => place.get(this.#id(row)) ?? Infinity;
      rows = rows.map((row) => [placeOf(row), row]).sort(([one], [other]) => (one === other ? 0 : one - other)).map(([, row]) => row);
    }
    const most = this.#all ? rows.length : MOST;
    const elements = rows.slice(0, most).map((row) => [this.#id(row), this.#rowOf(row)]);
    this.#shown = new Map(elements);
    fill(this.#body, elements.map(([, element]) => element));
    this.#more.hidden = rows.length <= most;
    if (!this.#more.hidden) say(this.#more, `Show all ${count(rows.length)}`);
  }

  #rowOf(row) {
    let element = this.#shown.get(this.#id(row));
    if (!element) {
      element = h("tr", {}, this.#columns.map(({ numeric }, index) =>
        index === 0 ? h("th", { scope: "row" }) : h("td", { class: numeric ? "number" : null })));
    }
    for (const [index, { text, show }] of this.#columns.entries()) {
      const cell = element.children[index];
      if (show) show(cell, row);
      else say(cell, text(row));
    }
    return element;
  }

  #sorted() {
    const column = this.#columns.find(({ key }) => key === this.#sort?.key);
    if (!column?.value) return this.#rows;
    const direction = this.#sort.descending ? -1 : 1;
    return [...this.#rows].sort((one, other) => direction * compared(column.value(one), column.value(other), direction));
  }

  /** Whether somebody reads the rows just now: they must not move under a pointer or a finger. */
  #isRead() {
    return this.#body.matches(":hover") || this.#body.contains(document.activeElement);
  }

  #showAll() {
    this.#all = true;
    this.#draw(false);
    this.#body.querySelectorAll("a, button")[MOST]?.focus();
  }

  #newHead({ key, title, value, numeric }) {
    const className = numeric ? "number" : null;
    if (!value) return h("th", { scope: "col", class: className }, title);
    const arrow = h("span", { class: "arrow", "aria-hidden": "true" });
    const button = h("button", { type: "button", on: { click: () => this.#choose(key, numeric) } }, title, arrow);
    const head = h("th", { scope: "col", class: className }, button);
    this.#heads.set(key, { head, arrow });
    return head;
  }

  #choose(key, numeric) {
    const descending = this.#sort?.key === key ? !this.#sort.descending : Boolean(numeric);
    this.sortBy({ key, descending });
    this.#onSort(this.#sort);
  }

  #showSort() {
    for (const [key, { head, arrow }] of this.#heads) {
      const sorted = key === this.#sort?.key;
      mark(head, "aria-sort", sorted ? (this.#sort.descending ? "descending" : "ascending") : null);
      say(arrow, sorted ? (this.#sort.descending ? "▼" : "▲") : "");
    }
  }
}

/** A row's name as a link that the whole row answers to. */
export function rowLink(cell, { href, text, title, className }) {
  let link = cell.firstChild;
  if (!link) {
    link = h("a", { class: className ?? "row-link" });
    cell.append(link);
  }
  mark(link, "href", href);
  mark(link, "title", title);
  say(link, text);
}

/** A status or a health: a mark of its colour, and its word. */
export function showState(cell, state, kind = "status") {
  if (cell.dataset.state === state) return;
  cell.dataset.state = state;
  fill(cell, state ? badge(state, kind) : "–");
}

export function badge(state, kind = "status") {
  return h("span", { class: "badge", data: { [kind]: state } }, h("span", { class: "dot", "aria-hidden": "true" }), state);
}

/** The order of two values; what does not exist comes last, whichever way they are sorted. */
function compared(one, other, direction) {
  if (one === null || other === null) return one === other ? 0 : one === null ? direction : -direction;
  if (typeof one === "string") return one.localeCompare(other);
  return one - other;
}
