// Colours of backends, series, statuses and healths: the same as in the charts that the daemon draws.
// What stands here is charts/colours.py in another language; a test compares the two, name by name.

import { blake2b32 } from "./blake2b.js";

const DARKEST = 0.139;
const LIGHTEST = 0.297;
const BACKENDS = new Map([
  ["ipfs", "#2ba3a6"], ["s3", "#d07f29"], ["storacha", "#af425b"], ["filecoin", "#4368b0"], ["local", "#aa79fb"],
  ["other", "#8e949d"], ["unknown", "#666d78"],
]);
const STATUSES = new Map([
  ["pending", "#8f9399"], ["processing", "#2196ec"], ["retrying", "#cb8420"], ["completed", "#13776a"],
  ["failed", "#c9271f"],
]);
const HEALTHS = new Map([
  ["online", "#4fa293"], ["degraded", "#d3800f"], ["offline", "#c72823"], ["unknown", "#656c79"],
]);
const REST = "#8c939e";
// Lightness, a turn of the hue in degrees, and the dash of lines, by operation type.
const OPERATION_TYPES = new Map([
  ["add", [0, 0, "solid"]], ["get", [1, 0, "solid"]], ["pin", [0.5, 0, "solid"]], ["unpin", [0.5, 13, "dot"]],
  ["rm", [0, 13, "dot"]], ["cat", [0.25, -13, "dash"]], ["list", [0.75, -13, "dash"]], ["mkdir", [1, 13, "dot"]],
  ["copy", [0.25, 13, "dashdot"]], ["move", [0.75, 13, "dashdot"]], ["upload", [0, -13, "solid"]],
  ["download", [1, -13, "solid"]], ["custom", [0.5, -13, "dash"]],
]);
const STEPS = [0, 0.25, 0.5, 0.75, 1];
const TURNS = [0, -13, 13];
const DASHES = ["dash", "dot", "dashdot", "longdash"];
// What an SVG calls Plotly's dashes, for lines of 1.5 px.
const DASH_ARRAYS = { solid: null, dash: "6 3", dot: "2 3", dashdot: "6 3 2 3", longdash: "10 3" };
// Names come from users and never end: as many colours are remembered.
const MOST = 4096;
const made = new Map();

export function statusColour(status) {
  return STATUSES.get(status) ?? REST;
}

export function healthColour(health) {
  return HEALTHS.get(health) ?? HEALTHS.get("unknown");
}

export function backendColour(name) {
  return BACKENDS.get(name) ?? remembered(`b ${name}`, () => hashedBackend(name));
}

export function seriesColour(operationType, backend) {
  return remembered(`s ${operationType.length} ${operationType}${backend}`, () => {
    const [lightness, turn] = ofOperationType(operationType);
    const [, a, b] = oklab(linear(backendColour(backend)));
    const [least, most] = [Math.cbrt(DARKEST), Math.cbrt(LIGHTEST)];
    const target = (least + (most - least) * lightness) ** 3;
    return atLuminance(target, Math.hypot(a, b), (Math.atan2(b, a) * 180) / Math.PI + turn);
  });
}

/** The `stroke-dasharray` of an operation type's lines; null where they are solid. */
export function seriesDash(operationType) {
  return DASH_ARRAYS[ofOperationType(operationType)[2]];
}

function ofOperationType(name) {
  const known = OPERATION_TYPES.get(name);
  if (known) return known;
  const number = blake2b32(name);
  return [STEPS[number % 5], TURNS[Math.floor(number / 8) % 3], DASHES[Math.floor(number / 64) % 4]];
}

function hashedBackend(name) {
  const number = blake2b32(name);
  const target = DARKEST + ((LIGHTEST - DARKEST) * (Math.floor(number / 360) % 3)) / 2;
  return atLuminance(target, 0.08 + 0.05 * (Math.floor(number / 2048) % 2), number % 360);
}

function remembered(key, make) {
  if (!made.has(key)) {
    if (made.size >= MOST) made.clear();
    made.set(key, make());
  }
  return made.get(key);
}

function linear(colour) {
  return [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

function oklab([red, green, blue]) {
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

/** The colour of a hue that has a luminance, as saturated as asked for and sRGB has it. */
function atLuminance(target, wanted, hue) {
  for (let chroma = wanted; ; chroma *= 0.95) {
    let [low, high] = [0, 1];
    for (let step = 0; step < 24; step += 1) {
      const middle = (low + high) / 2;
      const [red, green, blue] = ofOklch(middle, chroma, hue);
      if (0.2126 * red + 0.7152 * green + 0.0722 * blue < target) low = middle;
      else high = middle;
    }
    const rgb = ofOklch(low, chroma, hue);
    if (chroma < 0.005 || rgb.every((part) => part >= -1e-4 && part <= 1 + 1e-4)) return hex(rgb);
  }
}

function ofOklch(lightness, chroma, hue) {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function hex(rgb) {
  const coded = rgb
    .map((part) => Math.min(1, Math.max(0, part)))
    .map((part) => (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055));
  return `#${coded.map((part) => Math.round(255 * part).toString(16).padStart(2, "0")).join("")}`;
}
