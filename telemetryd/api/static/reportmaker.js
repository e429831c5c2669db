// The button that makes a report of a range, and what becomes of it.

import { addressTo } from "./address.js";
import { isTakenBack } from "./daemon.js";
import { fill, h, mark } from "./element.js";
import { Polling } from "./polling.js";
import { makeReport, openLink, progressBar, progressOf, reportOf } from "./reportlist.js";

const EVERY = 1;

/** `range()` is the range to report on; `onChange` is told when there is something new about reports. */
export class ReportMaker {
  #range;
  #onChange;
  #id = null;
  #running = false;
  #visible = false;
  #button = h("button", { type: "button", class: "primary", on: { click: () => this.#make() } }, "Make a report of this range");
  #told = h("span", { class: "told", role: "status" });
  #polling = new Polling(EVERY, (signal) => this.#look(signal));

  constructor(range, onChange = () => {}) {
    this.#range = range;
    this.#onChange = onChange;
    this.element = h("div", { class: "reportmaker" }, this.#button, this.#told);
  }

  /** It is looked at: a report that was being made is followed further. */
  show() {
    this.#visible = true;
    this.#follow();
  }

  hide() {
    this.#visible = false;
    this.#polling.stop();
  }

  #follow() {
    if (this.#visible && this.#running) this.#polling.start();
  }

  async #make() {
    mark(this.#button, "disabled", true);
    fill(this.#told, "Asking for it…");
    try {
      const report = await makeReport(this.#range());
      this.#id = report.report_id;
      this.#show(report);
      this.#follow();
      this.#onChange();
    } catch (error) {
      if (!error.kind) throw error;
      fill(this.#told, h("span", { class: "field-error" }, error.message));
    } finally {
      mark(this.#button, "disabled", null);
    }
  }

  async #look(signal) {
    try {
      this.#show(await reportOf(this.#id, signal));
    } catch (error) {
      if (isTakenBack(error) || !error.kind) throw error;
      if (error.status !== 404) return fill(this.#told, error.message);
      this.#show(null);
    }
    if (this.#running) return;
    this.#polling.stop();
    this.#onChange();
  }

  #show(report) {
    this.#running = report?.status === "running";
    if (!report) fill(this.#told, "The report has been deleted.");
    else if (report.status === "running") fill(this.#told, progressBar(report), ` ${progressOf(report)}`);
    else if (report.status === "failed") fill(this.#told, h("span", { class: "field-error" }, report.error ?? "The report failed."));
    else fill(this.#told, openLink(report, "Open the report"), " ", h("a", { href: addressTo("reports") }, "all reports"));
  }
}
