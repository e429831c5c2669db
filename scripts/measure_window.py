#!/usr/bin/env python3
"""Measure the sliding window behind `/realtime`: what an operation's end costs, the longest pause, an answer, and the memory.

The window is told of ends as the daemon tells it, batch by batch, as fast as they come at the given rate of its own
clock, and asked every two seconds of that clock. Times are processor time; each series has latencies of its own,
log-normal around 20 ms.

    scripts/measure_window.py
    scripts/measure_window.py --rate 60000 --series 1000
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from telemetryd.live.rows import Ends
from telemetryd.live.window import LEAST_SIZE, WINDOW, Window
from telemetryd.model.events import COMPLETED, FAILED

# Ends of a batch: a third of the events that one has.
BATCH = 333
BEGIN = 1_700_000_000


def main() -> int:
    """Fill a window, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--rate", type=int, default=8_000, help="operations that end in a second (default: %(default)s)"
    )
    parser.add_argument("--series", type=int, default=65, help="pairs of type and backend (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="seconds of the window's clock (default: %(default)s)")
    options = parser.parse_args()
    if min(options.rate, options.series, options.seconds) < 1:
        parser.error("expected numbers from 1 on")
    print(json.dumps(measure(options.rate, options.series, options.seconds), indent=2))
    return 0


def measure(rate: int, series: int, seconds: int) -> dict[str, Any]:
    """Return the figures; times in the unit of their name."""
    random, window = np.random.default_rng(1), Window()
    entering: list[float] = []
    asking: list[float] = []
    batches = max(1, rate * seconds // BATCH)
    for batch in range(batches):
        now = BEGIN + (batch + 1) * BATCH / rate
        ends = batch_of(random, now, series)
        began = time.process_time()
        window.add(ends, now)
        entering.append(time.process_time() - began)
        if now - BEGIN > 2 * len(asking):
            began = time.process_time()
            window.cells(now, WINDOW)
            asking.append(time.process_time() - began)
    return {
        "ends": batches * BATCH,
        "microseconds_per_end": round(1e6 * sum(entering) / (batches * BATCH), 3),
        "longest_pause_ms": round(1e3 * max(entering), 1),
        "answer_ms": {"median": round(1e3 * statistics.median(asking), 1), "max": round(1e3 * max(asking), 1)},
        "held": window.held,
        "bound": LEAST_SIZE,
    }


def batch_of(random: np.random.Generator, now: float, series: int) -> Ends:
    """Return the ends of one batch, which ended in the last 20 ms."""
    return Ends(
        timestamp=(now - 0.02 * random.random(BATCH)).tolist(),
        series=random.integers(0, series, BATCH).tolist(),
        status=np.where(random.random(BATCH) < 0.05, FAILED, COMPLETED).tolist(),
        latency=random.lognormal(np.log(0.02), 1.0, BATCH).tolist(),
        weight=[1] * BATCH,
    )


if __name__ == "__main__":
    sys.exit(main())
