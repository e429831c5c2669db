// The minutes before the page was opened, told by the same numbers as the stream's: sums and percentiles over
// windows of the same width, one window a minute, ending at each.

import { ask, nodeNow } from "./daemon.js";
import { laneOf } from "./lane.js";

const SHORTEST_STEP = 60;
// Questions that are asked at once: a browser has six connections for a host, and the stream is one of them.
const AT_ONCE = 4;

/**
 * What the live charts lack of the last `span` seconds: lists of `[instant, numbers]`, for the totals and for the
 * latency of each series. Both are empty where no stored sample is as narrow as the window.
 */
export async function past(window, span, signal) {
  const { config } = await ask("config", {}, { signal });
  const step = Math.max(SHORTEST_STEP, config.sampling_interval);
  if (window % step) return { totals: [], latency: [] };
  const end = Math.floor(nodeNow() / step) * step;
  const instants = [];
  for (let at = end - Math.floor(span / step) * step; at <= end; at += step) instants.push(at);
  const lane = laneOf(AT_ONCE);
  const metrics = (parameters) => lane(() => ask("metrics", parameters, { signal }), signal);
  const [totals, latency] = await Promise.all([totalsAt(instants, window, step, metrics), latencyAt(instants, window, step, metrics)]);
  for (const [index, [, numbers]] of latency.entries()) {
    const all = [...numbers.values()];
    if (all.length) totals[index][1].worst = Math.max(...all);
  }
  return { totals, latency };
}

async function totalsAt(instants, window, step, metrics) {
  const range = { start_time: instants[0] - window, end_time: instants.at(-1), interval: step };
  const asked = (parameters, number) => metrics({ ...range, ...parameters }).then((answer) => byInstant(answer, number));
  const statuses = ["pending", "processing", "retrying"];
  const rates = metrics({ ...range, metric_type: "success_rate" });
  const [ended, completed, ...inFlight] = await Promise.all([
    rates.then((answer) => byInstant(answer, (sample) => sample.count)),
    rates.then((answer) => byInstant(answer, (sample) => Math.round(sample.value * sample.count))),
    ...statuses.map((status) => asked({ metric_type: "queue_size", status }, (sample) => sample.last ?? 0)),
  ]);
  return instants.map((at) => {
    const [all, well] = [ended, completed].map((sums) => sumBetween(sums, at - window, at, step));
    const numbers = { throughput: (all * 60) / window };
    if (all) numbers.success = well / all;
    for (const [index, status] of statuses.entries()) numbers[status] = inFlight[index].get(at - step) ?? 0;
    numbers.inFlight = numbers.pending + numbers.processing + numbers.retrying;
    return [at, numbers];
  });
}

/** A number of all series together, by the start of their interval. */
function byInstant(answer, number) {
  const sums = new Map();
  const [metric] = Object.values(answer.metrics);
  for (const backends of Object.values(metric)) {
    for (const samples of Object.values(backends)) {
      for (const sample of samples) sums.set(sample.timestamp, (sums.get(sample.timestamp) ?? 0) + number(sample));
    }
  }
  return sums;
}

function sumBetween(sums, start, end, step) {
  let total = 0;
  for (let at = start; at < end; at += step) total += sums.get(at) ?? 0;
  return total;
}

/** The 95th percentiles over the window before each instant. Those of shorter windows do not add up to them. */
async function latencyAt(instants, window, step, metrics) {
  const asked = { metric_type: "operation_latency" };
  if (window === step) {
    const answer = await metrics({ ...asked, start_time: instants[0] - window, end_time: instants.at(-1), interval: step });
    const found = new Map(instants.map((at) => [at, new Map()]));
    for (const [name, samples] of seriesOf(answer)) {
      for (const sample of samples) found.get(sample.timestamp + step)?.set(name, sample.percentile_95);
    }
    return [...found];
  }
  return Promise.all(
    instants.map(async (at) => {
      const answer = await metrics({ ...asked, aggregation: "percentile_95", start_time: at - window, end_time: at });
      return [at, new Map(seriesOf(answer).map(([name, [sample]]) => [name, sample.percentile_95]))];
    }),
  );
}

function seriesOf(answer) {
  return Object.entries(answer.metrics.operation_latency).flatMap(([operationType, backends]) =>
    Object.entries(backends).map(([backend, samples]) => [`${operationType}:${backend}`, samples]),
  );
}
