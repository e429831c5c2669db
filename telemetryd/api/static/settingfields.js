// The six settings as fields of a form: what they mean, their bounds, and what of it a browser can check.

/** In the order of the form. `kind` is `switch`, `number` or `path`. */
export const FIELDS = [
  {
    key: "enabled",
    title: "Store events",
    kind: "switch",
    meaning: "Off, events are acknowledged and counted as discarded, and producers are told to stop.",
    bounds: "",
  },
  {
    key: "operation_hooks",
    title: "Open the ingest socket",
    kind: "switch",
    meaning: "Off, no WAL can tell of its operations.",
    bounds: "",
    atRestart: true,
  },
  {
    key: "enable_detailed_timing",
    title: "Keep every event",
    kind: "switch",
    meaning: "Off, only sums and histograms stay: no single operations, no timelines.",
    bounds: "",
  },
  {
    key: "retention_days",
    title: "Retention",
    kind: "number",
    unit: "days",
    meaning: "What is older is removed, whole hours at a time.",
    bounds: "From 1 to 3650.",
    attributes: { min: "1", max: "3650", step: "1", inputmode: "numeric" },
  },
  {
    key: "sampling_interval",
    title: "Sampling interval",
    kind: "number",
    unit: "s",
    meaning: "The width of a sample.",
    bounds: "From 1 to 3600; must divide 3600.",
    attributes: { min: "1", max: "3600", step: "1", inputmode: "numeric" },
    divides: 3600,
  },
  {
    key: "metrics_path",
    title: "Folder of the data",
    kind: "path",
    meaning: "What is in the old folder stays there.",
    bounds: "A path from / or ~/ on.",
    atRestart: true,
    attributes: { maxlength: "4096" },
  },
];

/** The value in a field. A number that is none stays the text that it is. */
export function readField({ kind }, input) {
  if (kind === "switch") return input.checked;
  if (kind === "number") return /^-?\d+$/.test(input.value) ? Number(input.value) : input.value;
  return input.value.trim();
}

export function showField({ kind }, input, value) {
  if (kind === "switch") input.checked = value;
  else input.value = String(value);
}

/** What is wrong with a value, as far as can be said here; the daemon has the last word. */
export function mistakeIn({ kind, key, unit, attributes, divides }, value) {
  if (kind === "path" && !/^(\/|~\/)/.test(value)) return `${key}: expected a path from / or ~/ on, found ${value ? `'${value}'` : "nothing"}`;
  if (kind !== "number") return "";
  const [least, most] = [Number(attributes.min), Number(attributes.max)];
  if (typeof value !== "number" || value < least || value > most) {
    return `${key}: expected a whole number of ${unit === "s" ? "seconds" : unit} from ${least} to ${most}, found ${value === "" ? "nothing" : value}`;
  }
  if (divides && divides % value) return `${key}: expected a number of seconds that divides ${divides}, found ${value}`;
  return "";
}

/** A value in a sentence. */
export function wordOf(value) {
  return value === true ? "on" : value === false ? "off" : String(value);
}
