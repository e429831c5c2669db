// The minutes before the page was opened, told by the same numbers as the stream's: sums and percentiles over
// windows of the same width, one window a minute, ending at each.

import { ask, nodeNow } from "./daemon.js";

const SHORTEST_STEP = 60;

/**
 * What the live charts lack of the last `span` seconds: lists of `[instant, numbers]`, for the totals and for the
 * latency of each series. Both are empty where no stored sample is as narrow as the window.
 */
export async function past(window, span, signal) {
  const { config } = await ask("config", {}, { signal });
  const step = Math.max(SHORTEST_STEP, config.sampling_interval);
  if (window % step) return { totals: [], latency: [] };
  const end = Math.floor(nodeNow() / step) * step;
  const start = end - Math.floor(span / step) * step;
  const totals = await totalsBetween(start, end, window, step, signal);
  const latency = [];
  for (let at = start; at <= end; at += step) latency.push([at, await latencyAt(at, window, signal)]);
  for (const [index, [, numbers]] of latency.entries()) {
    const all = [...numbers.values()];
    if (all.length) totals[index][1].worst = Math.max(...all);
  }
  return { totals, latency };
}

async function totalsBetween(start, end, window, step, signal) {
  const range = { start_time: start - window, end_time: end, interval: step };
  const asked = (parameters) => ask("metrics", { ...range, ...parameters }, { signal }).then((answer) => byInstant(answer));
  const ended = await asked({ metric_type: "throughput" });
  const completed = await asked({ metric_type: "throughput", status: "completed" });
  const inFlight = {};
  for (const status of ["pending", "processing", "retrying"]) {
    inFlight[status] = await asked({ metric_type: "queue_size", status });
  }
  const found = [];
  for (let at = start; at <= end; at += step) {
    const numbers = {};
    const [all, well] = [ended, completed].map((sums) => sumBetween(sums, at - window, at, step));
    numbers.throughput = (all * 60) / window;
    if (all) numbers.success = well / all;
    for (const [status, sums] of Object.entries(inFlight)) numbers[status] = sums.get(at - step) ?? 0;
    numbers.inFlight = numbers.pending + numbers.processing + numbers.retrying;
    found.push([at, numbers]);
  }
  return found;
}

/** The counts, or the last values, of all series together, by the start of their interval. */
function byInstant(answer) {
  const sums = new Map();
  const [metric] = Object.values(answer.metrics);
  for (const backends of Object.values(metric)) {
    for (const samples of Object.values(backends)) {
      for (const sample of samples) {
        sums.set(sample.timestamp, (sums.get(sample.timestamp) ?? 0) + (sample.count ?? sample.last ?? 0));
      }
    }
  }
  return sums;
}

function sumBetween(sums, start, end, step) {
  let total = 0;
  for (let at = start; at < end; at += step) total += sums.get(at) ?? 0;
  return total;
}

async function latencyAt(end, window, signal) {
  const range = { start_time: end - window, end_time: end };
  const answer = await ask("metrics", { metric_type: "operation_latency", aggregation: "percentile_95", ...range }, { signal });
  const found = new Map();
  for (const [operationType, backends] of Object.entries(answer.metrics.operation_latency)) {
    for (const [backend, [sample]] of Object.entries(backends)) found.set(`${operationType}:${backend}`, sample.percentile_95);
  }
  return found;
}
