// The settings view: the six settings that can be changed while the daemon runs, or wait for its next start.

import { ask, isTakenBack } from "./daemon.js";
import { fill, h, mark, say } from "./element.js";
import { FIELDS, mistakeIn, readField, showField, wordOf } from "./settingfields.js";

export class SettingsView {
  #inForce = null;
  #asking = null;
  #fields = new Map();
  #save = h("button", { type: "submit", class: "primary" }, "Save");
  #revert = h("button", { type: "button", class: "quiet", on: { click: () => this.#fillIn(this.#inForce) } }, "Undo the changes");
  #told = h("p", { class: "told", role: "status" });
  #warning = h("p", { class: "notice", data: { mood: "warn" }, role: "status", hidden: true });
  #form;

  constructor(root) {
    this.#form = h(
      "form",
      { class: "card settings", novalidate: true, on: { submit: (event) => this.#submit(event), input: () => this.#compare() } },
      FIELDS.map((field) => this.#newField(field)),
      h("div", { class: "actions" }, this.#save, this.#revert, this.#told),
    );
    fill(
      root,
      h("div", { class: "view-head" }, h("h2", { id: "settings-title", tabindex: "-1" }, "Settings")),
      h("p", { class: "detail" }, "All are checked before any is applied. What is set here is kept across restarts; a flag or an environment variable goes before it."),
      this.#warning,
      this.#form,
    );
    this.#form.hidden = true;
  }

  show() {
    this.#load();
  }

  hide() {
    this.#asking?.abort();
  }

  redraw() {}

  async #load() {
    this.#asking = new AbortController();
    try {
      this.#take(await ask("config", {}, { signal: this.#asking.signal }));
    } catch (error) {
      if (isTakenBack(error)) return;
      this.#warn(error.message);
      if (!error.kind) throw error;
    }
  }

  #take({ config, pending_restart: pending = {}, warning = "" }) {
    this.#inForce = config;
    this.#form.hidden = false;
    this.#fillIn(config);
    this.#warn(warning);
    for (const [key, { waiting }] of this.#fields) {
      const change = pending[key];
      waiting.hidden = !change;
      say(waiting, change ? `Waits for a restart: in force is ${wordOf(change.in_force)}, then ${wordOf(change.at_restart)}.` : "");
    }
  }

  #fillIn(config) {
    for (const field of FIELDS) {
      const { input } = this.#fields.get(field.key);
      showField(field, input, config[field.key]);
      this.#blame(field.key, "");
    }
    this.#compare();
  }

  #changes() {
    const changed = FIELDS.map((field) => [field.key, readField(field, this.#fields.get(field.key).input)]);
    return Object.fromEntries(changed.filter(([key, value]) => value !== this.#inForce[key]));
  }

  #compare() {
    const changes = this.#changes();
    for (const [key, { row }] of this.#fields) mark(row, "data-changed", key in changes ? "yes" : null);
    const none = Object.keys(changes).length === 0;
    mark(this.#save, "disabled", none);
    this.#revert.hidden = none;
    if (!none) say(this.#told, "");
  }

  async #submit(event) {
    event.preventDefault();
    const changes = this.#changes();
    let first = null;
    for (const field of FIELDS) {
      const mistake = field.key in changes ? mistakeIn(field, changes[field.key]) : "";
      this.#blame(field.key, mistake);
      if (mistake) first ??= field.key;
    }
    if (first) return this.#fields.get(first).input.focus();
    mark(this.#save, "disabled", true);
    try {
      this.#take(await ask("config", {}, { method: "POST", body: changes }));
      say(this.#told, "Saved.");
    } catch (error) {
      mark(this.#save, "disabled", null);
      if (!error.kind) throw error;
      this.#refused(error.message);
    }
  }

  /** The daemon's sentence begins with the name of the setting that it is about. */
  #refused(sentence) {
    const key = sentence.split(":", 1)[0];
    if (!this.#fields.has(key)) return this.#warn(sentence);
    this.#blame(key, sentence);
    return this.#fields.get(key).input.focus();
  }

  #blame(key, sentence) {
    const { input, error } = this.#fields.get(key);
    error.hidden = !sentence;
    say(error, sentence);
    mark(input, "aria-invalid", sentence ? "true" : null);
  }

  #warn(sentence) {
    this.#warning.hidden = !sentence;
    say(this.#warning, sentence);
  }

  #newField(field) {
    const { key, title, kind, unit, bounds, meaning, atRestart, attributes = {} } = field;
    const id = `setting-${key}`;
    const [hint, error, waiting] = ["hint", "error", "waiting"].map((part) => `${id}-${part}`);
    const described = [hint, error, waiting].join(" ");
    const type = { switch: "checkbox", number: "number", path: "text" }[kind];
    const input = h("input", { id, type, "aria-describedby": described, spellcheck: "false", autocomplete: "off", ...attributes });
    const texts = {
      error: h("p", { class: "field-error", id: error, role: "alert", hidden: true }),
      waiting: h("p", { class: "waiting", id: waiting, hidden: true }),
    };
    const row = h(
      "div",
      { class: "setting", data: { kind } },
      h("label", { for: id }, title),
      h("div", { class: "control" }, input, unit ? h("span", { class: "unit" }, unit) : null),
      h("p", { class: "hint", id: hint }, `${meaning} ${bounds} `, atRestart ? "Changes at restart." : "Changes at once."),
      h("code", {}, key),
      texts.error,
      texts.waiting,
    );
    this.#fields.set(key, { input, row, ...texts });
    return row;
  }
}
