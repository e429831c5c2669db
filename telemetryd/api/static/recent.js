// The recent past of some numbers, in memory that never grows: a ring of instants, with a column for each name.

const NEAR = 30;

/** Holds `capacity` instants of at most `most` names; a name that was silent for all of them makes room for a new one. */
export class Recent {
  #capacity;
  #most;
  #times;
  #columns = new Map();
  #next = 0;
  #size = 0;

  constructor(capacity, most) {
    this.#capacity = capacity;
    this.#most = most;
    this.#times = new Float64Array(capacity);
  }

  get size() {
    return this.#size;
  }

  /** The names that have a column. */
  get names() {
    return [...this.#columns.keys()];
  }

  /** The last instant (Unix s); null without any. */
  get last() {
    return this.#size ? this.#times[(this.#next - 1 + this.#capacity) % this.#capacity] : null;
  }

  /** Add an instant: numbers by name, as an object or a Map. Names that it lacks have no number then. */
  push(at, numbers) {
    const slot = this.#next;
    this.#times[slot] = at;
    this.#next = (slot + 1) % this.#capacity;
    this.#size = Math.min(this.#size + 1, this.#capacity);
    for (const column of this.#columns.values()) column[slot] = NaN;
    for (const [name, value] of numbers instanceof Map ? numbers : Object.entries(numbers)) {
      if (typeof value !== "number") continue;
      const column = this.#columns.get(name) ?? this.#newColumn(name);
      if (column) column[slot] = value;
    }
  }

  /** Put an instant of nothing after the last one, so that no line is drawn over what was not seen. */
  gap() {
    if (this.#size) this.push(this.last + 0.001, {});
  }

  /** Put instants, a list of `[at, numbers]`, where none are within half a minute. */
  complete(others) {
    const known = this.times();
    const missing = others.filter(([at]) => known.every((each) => Math.abs(each - at) > NEAR));
    const all = [...this.#all(), ...missing].sort(([one], [other]) => one - other).slice(-this.#capacity);
    this.clear();
    for (const [at, numbers] of all) this.push(at, numbers);
  }

  clear() {
    this.#next = 0;
    this.#size = 0;
    this.#columns.clear();
  }

  /** The instants since `from`, oldest first. */
  times(from = -Infinity) {
    return this.#slots(from).map((slot) => this.#times[slot]);
  }

  /** The numbers of a name since `from`, oldest first; NaN where there was none. */
  numbers(name, from = -Infinity) {
    const column = this.#columns.get(name);
    return this.#slots(from).map((slot) => (column ? column[slot] : NaN));
  }

  #slots(from) {
    const slots = [];
    for (let age = this.#size; age > 0; age -= 1) {
      const slot = (this.#next - age + this.#capacity) % this.#capacity;
      if (this.#times[slot] >= from) slots.push(slot);
    }
    return slots;
  }

  #all() {
    return this.#slots(-Infinity).map((slot) => [
      this.#times[slot],
      new Map(
        [...this.#columns].filter(([, column]) => !Number.isNaN(column[slot])).map(([name, column]) => [name, column[slot]]),
      ),
    ]);
  }

  #newColumn(name) {
    if (this.#columns.size >= this.#most) {
      const silent = [...this.#columns].find(([, column]) => column.every(Number.isNaN));
      if (!silent) return null;
      this.#columns.delete(silent[0]);
    }
    const column = new Float64Array(this.#capacity).fill(NaN);
    this.#columns.set(name, column);
    return column;
  }
}
