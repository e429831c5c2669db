// Instants (Unix seconds) as text, in UTC or in this computer's local time, as the user likes; and back.

import { zone } from "./preferences.js";

/** `2024-05-05 23:53:57`. */
export function moment(at) {
  const part = parts(at);
  return part ? `${day(part)} ${clock(part)}` : "–";
}

/** `2024-05-05 23:53`, for ends of ranges. */
export function minute(at) {
  const part = parts(at);
  return part ? `${day(part)} ${two(part.hour)}:${two(part.minute)}` : "–";
}

/** `23:53:57`. */
export function time(at) {
  const part = parts(at);
  return part ? clock(part) : "–";
}

/** `23:53`. */
export function shortTime(at) {
  const part = parts(at);
  return part ? `${two(part.hour)}:${two(part.minute)}` : "–";
}

/** `23:53:57.457`. */
export function exactTime(at) {
  const part = parts(Math.round(at * 1000) / 1000);
  return part ? `${clock(part)}.${String(part.millisecond).padStart(3, "0")}` : "–";
}

/** `12:00 to 13:00`, with dates where they are not those of `now`. */
export function span(start, end, now) {
  const [from, to, today] = [start, end, now].map((at) => day(parts(at)));
  if (from === to) return `${from === today ? "" : `${from} `}${shortTime(start)} to ${shortTime(end)}`;
  return `${minute(start)} to ${minute(end)}`;
}

/** How the times on the page are meant: `UTC`, or `local time (UTC+2)`. */
export function zoneName() {
  return zone() === "utc" ? "UTC" : `local time (${offsetName()})`;
}

/** The offset of this computer's local time now: `UTC+2`, `UTC-3:30`. */
export function offsetName() {
  const minutes = -new Date().getTimezoneOffset();
  const size = Math.abs(minutes);
  const rest = size % 60 ? `:${two(size % 60)}` : "";
  return minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
}

/** What a `datetime-local` field takes. */
export function fieldOf(at) {
  const part = parts(at);
  return part ? `${day(part)}T${clock(part)}` : "";
}

/** The instant in a `datetime-local` field; null where it holds none. */
export function instantOf(field) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?/.test(field)) return null;
  const at = Date.parse(zone() === "utc" ? `${field}Z` : field);
  return Number.isNaN(at) ? null : at / 1000;
}

function parts(at) {
  if (typeof at !== "number" || !Number.isFinite(at)) return null;
  const date = new Date(at * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const get = zone() === "utc" ? "getUTC" : "get";
  return {
    year: date[`${get}FullYear`](),
    month: date[`${get}Month`]() + 1,
    date: date[`${get}Date`](),
    hour: date[`${get}Hours`](),
    minute: date[`${get}Minutes`](),
    second: date[`${get}Seconds`](),
    millisecond: date[`${get}Milliseconds`](),
  };
}

function day(part) {
  return `${part.year}-${two(part.month)}-${two(part.date)}`;
}

function clock(part) {
  return `${two(part.hour)}:${two(part.minute)}:${two(part.second)}`;
}

function two(value) {
  return String(value).padStart(2, "0");
}
