// Tasks that go side by side, but not all at once.

/** A lane through which at most `width` tasks go at once; the others wait in order, or are taken back. */
export function laneOf(width) {
  let free = width;
  const waiting = [];
  return async (task, signal) => {
    if (free === 0) await new Promise((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      signal.throwIfAborted();
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
