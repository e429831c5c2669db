// Where a chart's ticks stand.

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Round values from 0 up to at least `top`, at most `most` steps of them. */
export function valueTicks(top, most = 4) {
  if (!(top > 0)) return [0, 1];
  const least = top / most;
  const magnitude = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((each) => each >= least * (1 - 1e-9));
  const ticks = [];
  for (let index = 0; (index - 1) * step < top * (1 - 1e-9) || index < 2; index += 1) ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

/** Round instants (Unix s) between two others, at most `most`. */
export function timeTicks(start, end, most = 6) {
  const step = TIME_STEPS.find((each) => (end - start) / each <= most) ?? 86_400 * Math.ceil((end - start) / most / 86_400);
  const ticks = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) ticks.push(at);
  return ticks;
}
