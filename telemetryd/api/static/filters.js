// Filters by operation type, backend and status: what the daemon knows is suggested, anything may be written.

import { h, fill, mark } from "./element.js";

const STATUSES = ["pending", "processing", "retrying", "completed", "failed"];
const MOST_SUGGESTED = 200;

/** Three fields; `onChange` gets the parameters of the address that are to be others. */
export class Filters {
  #fields = {};
  #lists = {};
  #clear;

  constructor(name, onChange) {
    const field = (parameter, title) => {
      const list = h("datalist", { id: `${name}-${parameter}-list` });
      const input = h("input", {
        id: `${name}-${parameter}`,
        list: list.id,
        maxlength: "64",
        placeholder: "all",
        autocomplete: "off",
        spellcheck: "false",
        on: { change: () => onChange({ [parameter]: input.value.trim() }) },
      });
      this.#fields[parameter] = input;
      this.#lists[parameter] = list;
      return h("label", {}, title, " ", input, list);
    };
    const status = h(
      "select",
      { id: `${name}-status`, on: { change: () => onChange({ status: status.value }) } },
      h("option", { value: "" }, "all"),
      STATUSES.map((each) => h("option", { value: each }, each)),
    );
    this.#fields.status = status;
    this.#clear = h(
      "button",
      { type: "button", class: "quiet", hidden: true, on: { click: () => onChange({ operation_type: "", backend: "", status: "" }) } },
      "Clear filters",
    );
    this.element = h(
      "div",
      { class: "filters", role: "group", "aria-label": "Filters" },
      field("operation_type", "Operation"),
      field("backend", "Backend"),
      h("label", {}, "Status ", status),
      this.#clear,
    );
  }

  /** Show the filters that are in force. */
  show(parameters) {
    for (const [name, field] of Object.entries(this.#fields)) {
      const value = parameters[name] ?? "";
      if (document.activeElement !== field || field.value.trim() !== value) field.value = value;
      mark(field, "data-filled", value ? "yes" : null);
    }
    this.#clear.hidden = Object.keys(this.#fields).every((name) => !parameters[name]);
  }

  /** Suggest these operation types and backends. */
  suggest(operationTypes, backends) {
    for (const [parameter, names] of [["operation_type", operationTypes], ["backend", backends]]) {
      const sorted = [...names].sort((one, other) => one.localeCompare(other)).slice(0, MOST_SUGGESTED);
      fill(this.#lists[parameter], sorted.map((name) => h("option", { value: name })));
    }
  }
}

/** The filters in force, as parameters of the API. */
export function filtersOf({ operation_type, backend, status }) {
  return { operation_type, backend, status: STATUSES.includes(status) ? status : undefined };
}
