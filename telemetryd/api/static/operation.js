// One operation: what is known of it, and its timeline, in a dialog over whatever is shown.

import { addressTo, go, readAddress } from "./address.js";
import { ask, isTakenBack, nodeNow } from "./daemon.js";
import { fill, h, say } from "./element.js";
import { moment } from "./moments.js";
import { changes } from "./preferences.js";
import { bytes, count, seconds } from "./quantities.js";
import { badge } from "./table.js";
import { timelineOf } from "./timeline.js";

/** The dialog is open exactly as long as the address has an `id`. */
export class OperationDialog {
  #dialog;
  #id = null;
  #found = null;
  #asking = null;
  #title = h("h2", { id: "operation-title", tabindex: "-1" });
  #content = h("div", { class: "operation-content" });
  #copied = h("span", { class: "detail", role: "status" });

  constructor(dialog) {
    this.#dialog = dialog;
    const close = h("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "✕");
    const copy = h("button", { type: "button", class: "quiet", on: { click: () => this.#copy() } }, "Copy the id");
    const again = h("button", { type: "button", class: "quiet", on: { click: () => this.#ask() } }, "Refresh");
    fill(dialog, h("header", {}, this.#title, close), this.#content, h("footer", {}, copy, again, this.#copied));
    // Also after Escape: the address is what says that it is open.
    dialog.addEventListener("close", () => this.#closed());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    changes.addEventListener("zone", () => this.#draw());
  }

  show(id) {
    if (!id) {
      this.#id = null;
      if (this.#dialog.open) this.#dialog.close();
      return;
    }
    if (id === this.#id) return;
    this.#id = id;
    this.#found = null;
    say(this.#title, id);
    say(this.#copied, "");
    fill(this.#content, h("p", { class: "empty" }, "Looking for it…"));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#title.focus();
    this.#ask();
  }

  #closed() {
    this.#asking?.abort();
    this.#id = null;
    const { view, parameters } = readAddress();
    if (parameters.id) go(view, { ...parameters, id: "" });
  }

  async #ask() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const id = this.#id;
    try {
      this.#found = await ask("operation", { operation_id: id }, { signal: this.#asking.signal });
      this.#draw();
    } catch (error) {
      if (isTakenBack(error)) return;
      const words = error.kind === "unknown_operation" ? "No stored event carries this id. It may be misspelt, older than what is kept, or its hour kept only as rollups." : error.message;
      fill(this.#content, h("p", { class: "notice", data: { mood: "bad" } }, words));
      if (!error.kind) throw error;
    }
  }

  #draw() {
    const operation = this.#found;
    if (!operation) return;
    const series = addressTo("operations", { ...readAddress().parameters, id: "", operation_type: operation.operation_type, backend: operation.backend });
    const facts = [
      ["Status", badge(operation.status ?? "unknown")],
      ["Series", h("a", { href: series }, `${operation.operation_type} on ${operation.backend}`)],
      ["Latency", seconds(operation.latency)],
      ["Started", moment(operation.start_time)],
      ["Ended", operation.end_time === null ? "not yet" : moment(operation.end_time)],
      ["Retries", operation.retry_count === null ? "–" : count(operation.retry_count)],
      ["Size", bytes(operation.size)],
      ["Error", operation.error_type ?? "–"],
      ["Producer", operation.producer ?? "–"],
    ];
    fill(
      this.#content,
      h("dl", { class: "facts-list" }, facts.map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, value)))),
      h("h3", {}, "What happened"),
      timelineOf(operation, nodeNow()),
    );
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#title.textContent);
      say(this.#copied, "copied");
    } catch {
      // No clipboard where the page is not served securely: the id can be selected.
      getSelection().selectAllChildren(this.#title);
      say(this.#copied, "selected; copy it with the keyboard");
    }
  }
}
