// The stream of realtime answers: followed, watched, and taken up again when it ends or falls silent.

import { addressOf, noteClock } from "./daemon.js";

export const INTERVAL = 2;
// Without a number for as many intervals, what is shown is stale.
const SILENT_INTERVALS = 3;
const FIRST_WAIT = 1;
const LONGEST_WAIT = 30;
// A page that nobody looks at lets go of its connection after this long: a browser has six for a host.
const HIDDEN_PATIENCE = 60;

/**
 * Follows the stream. `answer` events carry each answer in `detail`, `state` events say that `state` is another:
 * `connecting` (no number yet), `live`, `reconnecting`, `stale` or `paused` (the page is hidden).
 * `source` makes an EventSource and `now` tells the time in ms, so that a test can give its own.
 */
export class Stream extends EventTarget {
  state = "connecting";
  #window;
  #source = null;
  #makeSource;
  #now;
  #heard = null;
  #opened = 0;
  #wait = FIRST_WAIT;
  #reopenAt = null;
  #hiddenAt = null;

  constructor({ window, source = (url) => new EventSource(url), now = () => Date.now() }) {
    super();
    this.#window = window;
    this.#makeSource = source;
    this.#now = now;
  }

  /** Seconds since the last number came; null before the first. */
  get age() {
    return this.#heard === null ? null : Math.max(0, (this.#now() - this.#heard) / 1000);
  }

  /** Seconds until the next attempt to connect; null while there is nothing to wait for. */
  get retryIn() {
    return this.#reopenAt === null ? null : Math.max(0, (this.#reopenAt - this.#now()) / 1000);
  }

  open() {
    this.#close();
    this.#reopenAt = null;
    this.#opened = this.#now();
    const source = this.#makeSource(addressOf("stream", { interval: INTERVAL, window: this.#window }));
    this.#source = source;
    source.addEventListener("realtime", (event) => this.#take(event));
    source.addEventListener("error", () => {
      if (this.#source !== source) return;
      this.#become(this.#heard === null ? "connecting" : "reconnecting");
      // Refused for good, as far as the browser is concerned: from here on it is ours.
      if (source.readyState === 2) this.#later();
    });
  }

  /** Look back over another window (s) from now on. */
  over(window) {
    if (window === this.#window) return;
    this.#window = window;
    this.open();
  }

  /** Somebody else has just heard from the daemon: there is nothing to wait for. */
  hurry() {
    if (this.#reopenAt !== null && this.state !== "paused") this.open();
  }

  /** Look whether all is well; to be called about every second. */
  watch(hidden = false) {
    const now = this.#now();
    if (!hidden) this.#hiddenAt = null;
    else this.#hiddenAt ??= now;
    if (this.state === "paused") {
      if (!hidden) this.#resume();
      return;
    }
    if (this.#hiddenAt !== null && now - this.#hiddenAt > HIDDEN_PATIENCE * 1000) {
      this.#close();
      this.#reopenAt = null;
      this.#become("paused");
      return;
    }
    if (this.#reopenAt !== null) {
      if (now >= this.#reopenAt) this.open();
    }
    const silence = SILENT_INTERVALS * INTERVAL * 1000;
    if (this.#heard !== null && now - this.#heard > silence) this.#become("stale");
    if (this.#reopenAt === null && now - Math.max(this.#opened, this.#heard ?? 0) > silence) this.#later();
  }

  #take(event) {
    const answer = parsed(event.data);
    if (!answer) return;
    this.#heard = this.#now();
    this.#wait = FIRST_WAIT;
    noteClock(answer.timestamp);
    this.#become("live");
    this.dispatchEvent(new CustomEvent("answer", { detail: answer }));
  }

  #resume() {
    this.#wait = FIRST_WAIT;
    this.#become(this.#heard === null ? "connecting" : "reconnecting");
    this.open();
  }

  #later() {
    this.#close();
    // Many pages must not come back to a daemon in the same instant.
    this.#reopenAt = this.#now() + this.#wait * 1000 * (0.75 + Math.random() / 2);
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #become(state) {
    // What is stale stays so until there is a number again.
    if (state === this.state || (this.state === "stale" && state === "reconnecting")) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
