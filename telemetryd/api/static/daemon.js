// Questions to the daemon, and its answers. Every path is relative to the page, so that both may stand behind a proxy.

/** An answer that is no success: `message` is the daemon's own sentence, `kind` its word for programs. */
class Failure extends Error {
  constructor(status, kind, message, answer = null) {
    super(message);
    this.status = status;
    this.kind = kind;
    this.answer = answer;
  }
}

const API = "api/v0/wal/telemetry/";
// A daemon that is busy is asked again as often, after at most as many seconds.
const PASSING = new Set(["busy", "rate_limited"]);
const ATTEMPTS = 3;
const LONGEST_WAIT = 5;

let ahead = 0;

/** Has a `needed` event where the daemon would answer only to somebody who is signed in. */
export const needsToken = new EventTarget();

/** The node's clock, in Unix seconds: this computer's may be wrong. */
export function nodeNow() {
  return Date.now() / 1000 + ahead;
}

/** How many seconds the node's clock is ahead of this computer's. */
export function clockDifference() {
  return ahead;
}

/** Tell the node's clock from an answer that was just made. */
export function noteClock(timestamp) {
  if (typeof timestamp === "number") ahead = timestamp - Date.now() / 1000;
}

/** The address of a route of the API; parameters without a value are left out. */
export function addressOf(route, parameters = {}) {
  const url = new URL(API + route, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  return url.href;
}

/**
 * The JSON that a route answers with; throws a `Failure`, or an `AbortError` where the signal says so.
 * `kept`: it is a file that was written a while ago, and its `timestamp` is no clock.
 */
export async function ask(route, parameters = {}, { signal, method = "GET", body, kept = false } = {}) {
  return fetched(addressOf(route, parameters), { signal, method, body, kept });
}

/** The JSON of a probe (`healthy`, `ready`), also where it says no. */
export async function probe(name, { signal } = {}) {
  try {
    return await fetched(new URL(`-/${name}`, document.baseURI).href, { signal, method: "GET" });
  } catch (error) {
    if (error instanceof Failure && error.answer) return error.answer;
    throw error;
  }
}

/** Who is signed in, as whom; with POST and a token, begin a session; with DELETE, end it. */
export function session(method = "GET", token = "") {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return fetched(new URL("-/session", document.baseURI).href, { method, headers });
}

/** Whether an error is only a question that was taken back. */
export function isTakenBack(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

async function fetched(url, { signal, method, body, headers = {}, kept = false }) {
  const request = { method, signal, headers: { ...headers }, cache: "no-cache" };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  for (let attempt = 1; ; attempt += 1) {
    const response = await sent(url, request);
    const answer = await read(response, signal);
    if (response.ok && answer) {
      if (!kept) noteClock(answer.timestamp);
      return answer;
    }
    if (PASSING.has(answer?.error_type) && attempt < ATTEMPTS) {
      await pause(Math.min(Number(response.headers.get("Retry-After")) || 1, LONGEST_WAIT), signal);
      continue;
    }
    if (response.status === 401) needsToken.dispatchEvent(new Event("needed"));
    const sentence = answer?.error ?? `expected an answer of the daemon, found HTTP status ${response.status}`;
    throw new Failure(response.status, answer?.error_type ?? "unknown", sentence, answer);
  }
}

async function sent(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (isTakenBack(error)) throw error;
    throw new Failure(0, "unreachable", "The daemon does not answer.");
  }
}

async function read(response, signal) {
  try {
    return await response.json();
  } catch (error) {
    if (isTakenBack(error) || signal?.aborted) throw new DOMException("taken back", "AbortError");
    return null; // a proxy's page, or an answer that was cut
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(new DOMException("taken back", "AbortError"));
      },
      { once: true },
    );
  });
}
