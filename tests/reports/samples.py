"""A made-up day of a busy node, its period before, and the engine that answers questions about them.

One backend goes down at lunch, another blinks, a third is slow all afternoon and lets the queue
grow; the day before was calm. The same arguments always give the same history.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.query.engine import QueryEngine
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.oracle.events import change, health, start
from tests.query.store import Store

Event = dict[str, Any]

# Tue 24 Nov 2026, 00:00 UTC.
MIDNIGHT = 1_795_478_400
# Usual latency (s), share of attempts that fail, and why.
BACKENDS = {
    "ipfs": (0.25, 0.01, ("routing_error", "timeout")),
    "s3": (0.12, 0.004, ("throttled",)),
    "storacha": (0.6, 0.02, ("service_unavailable", "timeout")),
    "filecoin": (15.0, 0.05, ("deal_rejected", "timeout")),
    "local": (0.004, 0.001, ("disk_error",)),
}
SERIES = {
    ("add", "ipfs"): 8, ("get", "ipfs"): 10, ("pin", "ipfs"): 5, ("cat", "ipfs"): 6, ("get", "s3"): 6,
    ("upload", "s3"): 4, ("get", "local"): 7, ("list", "local"): 4, ("upload", "storacha"): 5,
    ("pin", "storacha"): 3, ("pin", "filecoin"): 4, ("copy", "filecoin"): 1,
}  # fmt: skip
# Hours of the day from which on a backend is how healthy.
TROUBLE = {
    "storacha": ((12.1, "degraded"), (12.2, "offline"), (12.35, "degraded"), (12.43, "online")),
    "s3": ((3.5, "offline"), (3.511, "online"), (17.0, "offline"), (17.02, "online")),
    "filecoin": ((14.0, "degraded"), (16.5, "online")),
}
SLOWER = {"online": 1.0, "degraded": 8.0, "offline": 2.0}
MORE_FAILURES = {"online": 1.0, "degraded": 8.0, "offline": 40.0}


def history(midnight: int, days: int = 1, rate: float = 0.1, seed: int = 7) -> list[Event]:
    """Return the events of as many days up to ``midnight`` and of the day after it, in order of time."""
    chance = random.Random(seed)
    first, end = midnight - days * DAY, midnight + DAY
    events = [health(name, "online", float(first + 1)) for name in BACKENDS]
    events += [
        health(name, status, midnight + hour * HOUR) for name, changes in TROUBLE.items() for hour, status in changes
    ]
    at, number = float(first), 0
    while at < end:
        number += 1
        events += _operation(chance, f"wal-{number:06}", at, midnight)
        at += chance.expovariate(rate * (1.6 if at % DAY > 9 * HOUR else 0.7))
    return sorted(events, key=lambda event: float(event["timestamp"]))


def _operation(chance: random.Random, name: str, at: float, midnight: int) -> Iterator[Event]:
    operation_type, backend = chance.choices(list(SERIES), list(SERIES.values()))[0]
    usual, failures, reasons = BACKENDS[backend]
    yield start(name, at, operation_type, backend)
    for attempt in range(1, 4):
        state = health_at(backend, at, midnight)
        at += 0.02
        yield change(name, "processing", at)
        at += usual * SLOWER[state] * chance.lognormvariate(0, 0.6) * (12 if chance.random() < 0.02 else 1)
        if chance.random() >= failures * MORE_FAILURES[state]:
            yield change(name, "completed", at, retry_count=attempt - 1)
            return
        reason = chance.choice(reasons)
        if attempt == 3 or chance.random() < 0.3:
            yield change(name, "failed", at, error_type=reason, retry_count=attempt - 1)
            return
        yield change(name, "retrying", at, error_type=reason, retry_count=attempt)
        at += 2.0**attempt * 4


def health_at(backend: str, at: float, midnight: int) -> str:
    """Return the health of a backend at an instant (Unix s)."""
    hour = (at - midnight) / HOUR
    return next((word for since, word in reversed(TROUBLE.get(backend, ())) if hour >= since), "online")


def engine(folder: Path, events: Sequence[Event], now: float, interval: int = 60) -> QueryEngine:
    """Return an engine that knows some events, error types included."""
    with Folder(Files(), str(folder)).locked() as locked:
        store = Store(locked, events)
    names = ("", *sorted({event["error_type"] for event in events if event.get("error_type")}))
    codes = [names.index(event.get("error_type") or "") for event in events]
    retries = [event.get("retry_count", -1) for event in events]
    store.rows = replace(
        store.rows,
        error_type=np.array(codes, np.uint16),
        error_types=names,
        retry_count=np.array(retries, np.int32),
    )
    store.hold(np.ones(len(events), bool))
    return store.engine(now, interval)


@cache
def busy_day() -> list[Event]:
    """Return a bad day, from ``MIDNIGHT`` on, and the calm one before."""
    return history(MIDNIGHT)


NOW = float(MIDNIGHT + DAY)
