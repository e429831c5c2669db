// Numbers as people read them: always with a unit, never with more digits than they deserve.

export const NOTHING = "–";

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

/** Operations a minute. */
export function perMinute(value) {
  return isNumber(value) ? `${decimal(value)}/min` : NOTHING;
}

/** A share between 0 and 1: never 100 % while something is missing, never 0 % while there is something. */
export function percent(share) {
  if (!isNumber(share)) return NOTHING;
  if (share === 0 || share === 1) return `${share * 100} %`;
  const value = share * 100;
  if (value > 99.99) return ">99.99 %";
  if (value < 0.01) return "<0.01 %";
  return `${value > 99 ? (Math.floor(value * 100) / 100).toFixed(2) : value < 1 ? value.toFixed(2) : value.toFixed(1)} %`;
}

/** Seconds, in the unit that fits: 850 µs, 4.20 ms, 1.30 s, 2 min 5 s, 3 h 4 min, 2 d 3 h. */
export function seconds(value) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 0.0009995) return `${(value * 1e6).toFixed(0)} µs`;
  if (size < 0.9995) return `${threeDigits(value * 1e3)} ms`;
  if (size < 59.95) return `${threeDigits(value)} s`;
  return pair(Math.round(value));
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
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function threeDigits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function pair(value) {
  const units = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([size]) => value >= size);
  const [size, unit] = units[first];
  const rest = value % size;
  const next = units[first + 1];
  const more = next ? Math.floor(rest / next[0]) : 0;
  return `${Math.floor(value / size)} ${unit}${more ? ` ${more} ${next[1]}` : ""}`;
}
