"""What simulated WALs are told to do: operations and backends, as an endless stream of events."""

from __future__ import annotations

import heapq
import math
import random
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from telemetryd.model.events import BackendHealthChange, Event, Health, OperationStart, StatusChange

MOST_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Backend:
    """What a backend is like: its usual latency in s, and the share of attempts that fail."""

    latency: float
    failures: float
    error_type: str


BACKENDS = {
    "ipfs": Backend(0.25, 0.02, "routing_error"),
    "s3": Backend(0.12, 0.005, "throttled"),
    "storacha": Backend(0.6, 0.03, "service_unavailable"),
    "local": Backend(0.004, 0.001, "disk_error"),
    "filecoin": Backend(4.0, 0.05, "deal_rejected"),
}

# How much longer than usual an operation takes, and how many bytes it moves, where it moves any.
OPERATION_TYPES = {
    "add": (1.5, 300_000), "get": (1.0, 500_000), "pin": (2.0, 0), "unpin": (0.5, 0), "rm": (0.5, 0),
    "cat": (0.8, 80_000), "list": (0.4, 0), "mkdir": (0.3, 0), "copy": (1.2, 400_000), "move": (0.6, 0),
    "upload": (3.0, 5_000_000), "download": (2.5, 5_000_000), "custom": (1.0, 0),
}  # fmt: skip

# Which operations and backends each producer is busy with, by weight.
PRODUCERS = {
    "gateway": ({"get": 8, "cat": 5, "list": 3, "download": 2, "custom": 1}, {"ipfs": 6, "local": 4, "s3": 2}),
    "ingest": ({"add": 6, "upload": 3, "pin": 5, "mkdir": 1, "copy": 1}, {"ipfs": 5, "storacha": 3, "s3": 3}),
    "archive": (
        {"pin": 3, "unpin": 2, "rm": 2, "move": 2, "copy": 2, "upload": 2},
        {"filecoin": 4, "s3": 3, "storacha": 2},
    ),
}

# The backend that has a bad quarter in every hour: from which minute on its health is what.
TROUBLED = "storacha"
TROUBLE: tuple[tuple[int, Health], ...] = (
    (0, "online"),
    (20, "degraded"),
    (27, "offline"),
    (31, "degraded"),
    (36, "online"),
)
SLOWER = {"online": 1.0, "degraded": 4.0, "offline": 2.0}
MORE_FAILURES = {"online": 1.0, "degraded": 6.0, "offline": 30.0}


def health_of(backend: str, at: float) -> Health:
    """Return the health of a backend at an instant, in Unix seconds."""
    minute = at % 3600 / 60
    return next(health for since, health in reversed(TROUBLE) if minute >= since) if backend == TROUBLED else "online"


class Stream:
    """The endless events of one producer, in the order of their timestamps, from ``start`` on.

    What is history and what is live is up to whoever takes them: an operation goes on over the seam.
    """

    def __init__(self, name: str, start: float, rate: float, seed: str, *, tells_health: bool) -> None:
        self.name = name
        self._random = random.Random(f"{seed}/{name}")
        self._rate = rate
        self._types, self._backends = PRODUCERS[name]
        self._run = secrets.token_hex(6)  # operation ids differ from run to run, whatever the seed
        self._numbers = count(1)
        self._health: dict[str, Health] = {}
        self._tells_health = tells_health
        self._events = self._in_order(start)
        self._next = next(self._events)

    def until(self, end: float) -> Iterator[Event]:
        """Yield the events before ``end`` that have not been yielded yet."""
        while self._next.timestamp < end:
            event, self._next = self._next, next(self._events)
            yield event

    def _in_order(self, at: float) -> Iterator[Event]:
        """Yield the events of all operations in one order, holding those of operations that overlap."""
        waiting: list[tuple[float, int, Event]] = []
        order = count()
        while True:
            for event in (*self._health_changes(at), *self._operation(at)):
                heapq.heappush(waiting, (event.timestamp, next(order), event))
            at += self._random.expovariate(self._rate_at(at))
            while waiting and waiting[0][0] <= at:
                yield heapq.heappop(waiting)[2]

    def _rate_at(self, at: float) -> float:
        """Load comes in waves, one in 40 minutes."""
        return self._rate * (1 + 0.6 * math.sin(at / 2400 * math.tau))

    def _health_changes(self, at: float) -> Iterator[Event]:
        for backend in BACKENDS if self._tells_health else ():
            old, new = self._health.get(backend), health_of(backend, at)
            if new != old:
                self._health[backend] = new
                yield BackendHealthChange(backend, new, at, old)

    def _operation(self, at: float) -> Iterator[Event]:
        """Yield the whole life of one operation that enters the WAL at ``at``."""
        operation_type, backend = self._pick(self._types), self._pick(self._backends)
        size = self._size(operation_type)
        operation_id = f"{self._run}-{self.name}-{next(self._numbers)}"
        yield OperationStart(operation_id, operation_type, backend, at, size)
        for retry_count in count(1):
            at += self._random.expovariate(20)  # waits for a free worker
            yield StatusChange(operation_id, "processing", at)
            at += self._latency(operation_type, backend, at)
            if not self._fails(backend, at):
                yield StatusChange(operation_id, "completed", at, size=size)
                return
            error_type = BACKENDS[backend].error_type
            error = f"{backend}: {error_type.replace('_', ' ')}"
            if retry_count > MOST_RETRIES:
                yield StatusChange(operation_id, "failed", at, error=error, error_type=error_type)
                return
            yield StatusChange(
                operation_id, "retrying", at, retry_count=retry_count, error=error, error_type=error_type
            )
            at += 2**retry_count

    def _pick(self, weights: dict[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]

    def _size(self, operation_type: str) -> int | None:
        usual = OPERATION_TYPES[operation_type][1]
        return int(self._random.lognormvariate(math.log(usual), 1.2)) if usual else None

    def _latency(self, operation_type: str, backend: str, at: float) -> float:
        usual = BACKENDS[backend].latency * OPERATION_TYPES[operation_type][0] * SLOWER[health_of(backend, at)]
        latency = self._random.lognormvariate(math.log(usual), 0.5)
        # Two in a hundred are the tail.
        return latency * self._random.uniform(4, 15) if self._random.random() < 0.02 else latency

    def _fails(self, backend: str, at: float) -> bool:
        return self._random.random() < BACKENDS[backend].failures * MORE_FAILURES[health_of(backend, at)]
