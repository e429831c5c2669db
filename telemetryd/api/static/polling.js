// Something done again and again: never twice at once, and not while nobody looks.

import { isTakenBack } from "./daemon.js";

/** `task(signal)` is done now and then `seconds` after it has ended, until `stop`; hidden pages wait. */
export class Polling {
  #task;
  #seconds;
  #timer = 0;
  #running = null;
  #going = false;

  constructor(seconds, task) {
    this.#seconds = seconds;
    this.#task = task;
    document.addEventListener("visibilitychange", () => {
      if (this.#going && !document.hidden && !this.#running) this.now();
    });
  }

  start() {
    if (this.#going) return;
    this.#going = true;
    this.now();
  }

  /** Go on at another pace, from now on. */
  every(seconds) {
    this.#seconds = seconds;
    this.#going = true;
    this.now();
  }

  stop() {
    this.#going = false;
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  /** Do it at once, in place of what is under way. */
  async now() {
    clearTimeout(this.#timer);
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    try {
      await this.#task(running.signal);
    } catch (error) {
      if (!isTakenBack(error)) throw error;
    } finally {
      if (this.#running === running) {
        this.#running = null;
        if (this.#going && !document.hidden) this.#timer = setTimeout(() => this.now(), this.#seconds * 1000);
      }
    }
  }
}
