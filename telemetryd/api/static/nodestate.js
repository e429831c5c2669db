// The line that is always there: whether the node takes events, and how old the numbers on the page are.

import { clockDifference, probe, isTakenBack } from "./daemon.js";
import { fill, h, mark, say } from "./element.js";
import { changes } from "./preferences.js";
import { zoneName } from "./moments.js";
import { Polling } from "./polling.js";
import { roughly } from "./quantities.js";

const EVERY = 5;
// Two clocks that differ by less are nobody's trouble.
const TOLERATED = 10;

const STREAM_WORDS = {
  connecting: ["waiting", "Connecting to the stream"],
  live: ["good", "Live"],
  reconnecting: ["waiting", "Reconnecting to the stream"],
  stale: ["bad", "Stale: no new numbers"],
  paused: ["waiting", "Paused while the page is hidden"],
};

/** Shows the state of the node and of the stream; only changes of state are announced, the age is not. */
export class NodeState {
  #stream;
  #node = h("span", { class: "node-state", data: { mood: "waiting" } }, "Asking the daemon");
  #feed = h("span", { class: "stream-state", data: { mood: "waiting" } });
  #age = h("span", { class: "age" });
  #zone = h("span", { class: "zone-note" });
  #clock = h("span", { class: "clock-note", hidden: true });
  #polling = new Polling(EVERY, (signal) => this.#ask(signal));

  constructor(element, stream) {
    this.#stream = stream;
    fill(element, h("p", { role: "status" }, this.#node, this.#feed), this.#age, this.#zone, this.#clock);
    stream.addEventListener("state", () => {
      this.tick();
      // What the stream has lost, the probes may know the reason of.
      this.#polling.now();
    });
    changes.addEventListener("zone", () => this.#showZone());
    this.#showZone();
    this.tick();
  }

  start() {
    this.#polling.start();
  }

  /** Write the age of the last number; to be called every second. */
  tick() {
    const [mood, words] = STREAM_WORDS[this.#stream.state];
    mark(this.#feed, "data-mood", mood);
    say(this.#feed, words);
    const { age, retryIn } = this.#stream;
    const next = retryIn === null ? "" : `, next attempt in ${Math.ceil(retryIn)} s`;
    say(this.#age, age === null ? `no numbers yet${next}` : `last numbers ${roughly(age)} ago${next}`);
    const difference = clockDifference();
    this.#clock.hidden = Math.abs(difference) < TOLERATED;
    say(this.#clock, `This computer's clock is ${roughly(Math.abs(difference))} ${difference > 0 ? "behind" : "ahead of"} the node's; times are the node's.`);
  }

  async #ask(signal) {
    try {
      const { reasons } = await probe("ready", { signal });
      const ready = reasons?.length === 0;
      this.#stream.hurry();
      this.#tell(ready ? "good" : "bad", ready ? "Ready" : `Not ready: ${(reasons ?? ["it does not say why"]).join("; ")}`);
    } catch (error) {
      if (isTakenBack(error)) throw error;
      this.#tell("bad", error.kind === "unreachable" ? "No answer from the daemon" : error.message);
    }
  }

  #tell(mood, words) {
    mark(this.#node, "data-mood", mood);
    say(this.#node, words);
  }

  #showZone() {
    say(this.#zone, `Times in ${zoneName()}`);
  }
}
