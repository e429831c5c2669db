// The reports view: those that there are, those that are being made, and a new one.

import { go, readAddress } from "./address.js";
import { isTakenBack } from "./daemon.js";
import { fill, h, say } from "./element.js";
import { moment, minute } from "./moments.js";
import { Polling } from "./polling.js";
import { bytes, count, seconds, stretch } from "./quantities.js";
import { RangePicker, rangeOf } from "./range.js";
import { openLink, progressBar, progressOf, removeReport, reports } from "./reportlist.js";
import { ReportMaker } from "./reportmaker.js";
import { Table } from "./table.js";

const EVERY = 3;

export class ReportsView {
  #parameters = {};
  #found = null;
  #picker = new RangePicker("report-range", (changes) => go("reports", { ...readAddress().parameters, ...changes }));
  #maker = new ReportMaker(() => rangeOf(this.#parameters), () => this.#polling.now());
  #notice = h("p", { class: "notice", data: { mood: "bad" }, role: "alert", hidden: true });
  #polling = new Polling(EVERY, (signal) => this.#ask(signal));
  #sure = new Sure();
  #table = new Table({
    caption: "Reports, newest first",
    columns: [
      { key: "range", title: "Range", value: (report) => report.start_time, text: (report) => `${minute(report.start_time)} to ${minute(report.end_time)}` },
      { key: "length", title: "Length", numeric: true, value: lengthOf, text: (report) => stretch(lengthOf(report)) },
      { key: "created", title: "Made", value: (report) => report.created, text: (report) => moment(report.created) },
      { key: "state", title: "State", value: (report) => report.status, show: showStatus },
      { key: "size", title: "Size", numeric: true, value: (report) => report.size, text: (report) => (report.status === "running" ? "–" : bytes(report.size)) },
      { key: "actions", title: "What to do", show: (cell, report) => this.#showActions(cell, report) },
    ],
    id: (report) => report.report_id,
    sort: { key: "created", descending: true },
  });

  constructor(root) {
    fill(
      root,
      h("div", { class: "view-head" }, h("h2", { id: "reports-title", tabindex: "-1" }, "Reports"), this.#picker.element, this.#maker.element),
      h("p", { class: "detail" }, "A report is a page of its own about all series in a range: a summary in words, all charts, tables, and the data. It opens without this daemon, and prints."),
      this.#notice,
      h("div", { class: "card" }, this.#table.element),
      this.#sure.element,
    );
    this.#table.update([], "Asking the daemon…");
  }

  show(parameters) {
    this.#parameters = parameters;
    this.#picker.show(parameters);
    this.#maker.show();
    this.#polling.start();
    if (this.#found) this.redraw();
  }

  hide() {
    this.#polling.stop();
    this.#maker.hide();
  }

  redraw() {
    this.#picker.show(this.#parameters);
    if (this.#found) this.#table.update(this.#found, "There is no report yet.");
  }

  async #ask(signal) {
    try {
      this.#found = await reports(signal);
      this.#tell("");
      this.redraw();
    } catch (error) {
      if (isTakenBack(error) || !error.kind) throw error;
      this.#tell(error.message);
    }
  }

  #showActions(cell, report) {
    const wanted = `${report.report_id} ${report.status}`;
    if (cell.dataset.shown === wanted) return;
    cell.dataset.shown = wanted;
    const range = `the report of ${minute(report.start_time)} to ${minute(report.end_time)}`;
    const running = report.status === "running";
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `${running ? "Cancel" : "Delete"} ${range}`, on: { click: () => this.#remove(report, range) } }, running ? "Cancel" : "Delete");
    const open = report.status === "failed" ? null : openLink(report);
    open?.setAttribute("aria-label", `Open ${range}`);
    fill(cell, h("div", { class: "actions" }, open, remove));
  }

  async #remove(report, range) {
    const running = report.status === "running";
    if (!(await this.#sure.asked(`${running ? "Cancel" : "Delete"} ${range}?`, running ? "Cancel the report" : "Delete the report"))) return;
    try {
      await removeReport(report.report_id);
      this.#tell("");
    } catch (error) {
      if (!error.kind) throw error;
      this.#tell(error.message);
    }
    this.#polling.now();
  }

  #tell(sentence) {
    this.#notice.hidden = !sentence;
    say(this.#notice, sentence);
  }
}

/** A dialog that asks before something is gone for good. */
class Sure {
  #question = h("p", { id: "sure-question" });
  #yes = h("button", { type: "submit", value: "yes", class: "danger" });
  element = h(
    "dialog",
    { class: "sure", "aria-labelledby": "sure-question" },
    h("form", { method: "dialog" }, this.#question, h("div", { class: "actions" }, h("button", { type: "submit", value: "no" }, "Keep it"), this.#yes)),
  );

  /** Whether the answer to a question is yes. */
  asked(question, yes) {
    say(this.#question, question);
    say(this.#yes, yes);
    this.element.returnValue = "no";
    this.element.showModal();
    return new Promise((resolve) => {
      this.element.addEventListener("close", () => resolve(this.element.returnValue === "yes"), { once: true });
    });
  }
}

function lengthOf(report) {
  return report.end_time - report.start_time;
}

function showStatus(cell, report) {
  if (report.status === "running") {
    if (!cell.querySelector("progress")) fill(cell, progressBar(report), h("span", { class: "detail" }));
    cell.firstChild.value = report.progress ?? 0;
    say(cell.lastChild, ` ${progressOf(report)}`);
    return;
  }
  const files = `${count(report.files.length)} files, made in ${seconds(report.seconds)}`;
  const told = report.status === "failed" ? `failed: ${report.error ?? "no reason is known"}` : `done: ${files}`;
  if (cell.textContent !== told) fill(cell, h("span", { class: report.status === "failed" ? "field-error" : null }, told));
}
