// Numbers as people read them: always with a unit, never with more digits than they deserve.

const NOTHING = "–";

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A whole number: 12,345. */
export function count(value) {
  return isNumber(value) ? GROUPED.format(value) : NOTHING;
}

/** A number of something: `1 operation`, `12 operations`. */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number with three digits that count: 0.42, 4.20, 42.0, 420, 4,200. */
export function decimal(value) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 99.95) return GROUPED.format(value);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

/** A share between 0 and 1: never 100 % while something is missing, never 0 % while there is something. */
export function percent(share) {
  if (!isNumber(share)) return NOTHING;
  if (share === 0 || share === 1) return `${share * 100} %`;
  // Close to none and to all it is the next digit that tells.
  for (const places of share >= 0.01 && share <= 0.99 ? [1, 2, 3] : [2, 3]) {
    const value = Number((share * 100).toFixed(places));
    if (value !== 0 && value !== 100) return `${value} %`;
  }
  return `${share < 0.5 ? "under 0.001" : "over 99.999"} %`;
}

/** Seconds, in two units at most: 850 µs, 4.2 ms, 1.3 s, 2 min 5 s, 3 h 4 min, 2 d 3 h. */
export function seconds(value) {
  if (!isNumber(value)) return NOTHING;
  if (value === 0) return "0 s";
  if (value < 0.001) return value < 1e-9 ? "under 0.001 µs" : `${short(value * 1e6)} µs`;
  if (value < 0.9995) return `${short(value * 1e3)} ms`;
  if (value < 59.95) return `${short(value)} s`;
  return pair(value);
}

/** Seconds as a number and one unit, for where they are set in different sizes. */
export function reading(value) {
  if (!isNumber(value)) return [NOTHING, ""];
  if (value < 59.95) return apart(seconds(value));
  const { size, unit } = value < 599.5 ? { size: 1, unit: "s" } : unitUpTo(value);
  return [threeDigits(value / size), unit];
}

/** The unit for seconds up to `top`: its size, its name, and what writes a value in it. */
export function unitUpTo(top) {
  const units = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
  const [size, unit] = units.find(([each]) => top >= each * 1.5) ?? units.at(-1);
  return { size, unit, word: (value) => (value === 0 ? "0" : `${Number((value / size).toPrecision(3))} ${unit}`) };
}

/** Seconds, roughly, for what is only a feeling of time: `just now`, `12 s`, `4 min`, `3 h`, `2 d`. */
export function roughly(value) {
  if (!isNumber(value)) return NOTHING;
  const whole = Math.max(0, Math.floor(value));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** A stretch of time as words say it: `5 minutes`, `90 seconds`, `1 hour`. */
export function stretch(value) {
  for (const [size, word] of [[86_400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (value >= size && value % size === 0) return counted(value / size, word);
  }
  return counted(Math.round(value), "second");
}

/** Bytes, in decimal units. */
export function bytes(value) {
  if (!isNumber(value)) return NOTHING;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? count(size) : threeDigits(size)} ${units[unit]}`;
}

/** The number and its unit apart, for where they are set in different sizes. */
export function apart(text) {
  const at = text.lastIndexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function threeDigits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function short(value) {
  return String(Number(value.toPrecision(3)));
}

function pair(value) {
  const pairs = [[60, "min", 1, "s", 3600], [3600, "h", 60, "min", 86_400], [86_400, "d", 3600, "h", Infinity]];
  const [size, unit, less, part] = pairs.find(([, , less, , most]) => Math.round(value / less) * less < most);
  const whole = Math.round(value / less) * less;
  const rest = (whole % size) / less;
  return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${part}` : ""}`;
}
