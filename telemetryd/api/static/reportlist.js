// What a report is called and how it is asked for, for all who show reports.

import { addressOf, ask } from "./daemon.js";
import { h } from "./element.js";
import { seconds } from "./quantities.js";

const PAGE = "report.html";

/** Ask for a report of a range; the answer is what is known of it. */
export function makeReport({ start, end }) {
  return ask("report", {}, { method: "POST", body: { start_time: start, end_time: end } });
}

/** All reports, newest first. */
export async function reports(signal) {
  const { reports: found } = await ask("reports", {}, { signal });
  return found;
}

/** What is known of one report. */
export function reportOf(id, signal) {
  return ask(`reports/${encodeURIComponent(id)}/report.json`, {}, { signal, kept: true });
}

export function removeReport(id) {
  return ask(`reports/${encodeURIComponent(id)}`, {}, { method: "DELETE" });
}

function pageOf({ report_id: id }) {
  return addressOf(`reports/${encodeURIComponent(id)}/${PAGE}`);
}

export function openLink(report, words = "Open") {
  return h("a", { class: "button", href: pageOf(report), target: "_blank", rel: "noopener" }, words);
}

/** How far a report is: `42 %, drawing the charts, 3.1 s`. */
export function progressOf({ progress, step, seconds: taken }) {
  return [`${Math.floor((progress ?? 0) * 100)} %`, step, taken ? seconds(taken) : ""].filter(Boolean).join(", ");
}

export function progressBar(report) {
  return h("progress", { max: "1", value: String(report.progress ?? 0), "aria-label": "How far the report is" });
}
