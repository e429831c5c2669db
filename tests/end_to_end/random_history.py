"""Random lives of operations and backends, with all that real WALs do to those who watch them.

Timestamps are multiples of 1/64 s, which both binary fractions and microseconds hold exactly, and no
two are equal: so the numbers can be compared to the last digit, and nothing hangs on an order that the
contract leaves open. An operation's events come in the order of their timestamps from batch to batch,
and in any order inside a batch; only a repeated start stays behind the first one, and a contradicting
end behind the first end, for it is the order of arrival that makes them so.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.oracle.events import change, health, start

Event = dict[str, Any]

TYPES = ("add", "get", "pin", "unpin")
BACKENDS = ("ipfs", "s3", "storacha")
# One backend does nothing but change its health.
HEALTH_BACKENDS = (*BACKENDS, "filecoin")
HEALTHS = ("online", "degraded", "offline", "unknown")
MEAN_SECONDS_BETWEEN_CHANGES = 700.0
TICKS = 64
HOUR = 3600


def new_seed() -> int:
    """Return the number that ``TELEMETRYD_TEST_SEED`` gives, to repeat a failure, or else another one each time."""
    return int(os.environ.get("TELEMETRYD_TEST_SEED", time.time_ns() % 100_000))


class RandomHistory:
    """Events between ``begin`` and ``end`` (Unix s).

    The same ``seed`` makes the same events, relative to ``begin``, which is the start of an hour; those from
    ``end`` on are left out.
    """

    def __init__(self, seed: int, begin: int, end: int, operations: int) -> None:
        self._random = Random(seed)
        self._begin = begin
        # Made up to the end of the hour, so that a seed means the same at any minute of it.
        self._until = -(-end // HOUR) * HOUR
        self._taken: set[int] = set()
        lives = [list(self._operation(f"{seed}-{number}")) for number in range(operations)]
        lives += [list(self._backend(backend)) for backend in HEALTH_BACKENDS]
        self.lives = [[event for event in life if event["timestamp"] < end] for life in lives]

    def batches(self, producers: int, events_a_batch: int) -> list[tuple[int, list[Event]]]:
        """Return (producer, events) in the order of sending; an operation belongs to one producer."""
        queues: list[list[Event]] = [[] for _ in range(producers)]
        for life in self.lives:
            self._random.choice(queues).extend(life)
        cut: list[list[list[Event]]] = []
        for queue in queues:
            queue.sort(key=lambda event: float(event["timestamp"]))
            parts = [queue[at : at + events_a_batch] for at in range(0, len(queue), events_a_batch)]
            cut.append([self._shuffled(part) for part in parts])
        sending = [producer for producer, parts in enumerate(cut) for _ in parts]
        # Producers are as far ahead of one another as chance will have it.
        self._random.shuffle(sending)
        heads = [iter(parts) for parts in cut]
        return [(producer, next(heads[producer])) for producer in sending]

    def _operation(self, operation_id: str) -> Iterator[Event]:
        random = self._random
        series = {"operation_type": random.choice(TYPES), "backend": random.choice(BACKENDS)}
        kind = random.choices(("whole", "orphan", "orphan that says what it is"), (90, 5, 5))[0]
        tells = kind == "orphan that says what it is" or (kind == "whole" and random.random() < 0.2)
        said = series if tells else {}
        now = self._instant(random.uniform(self._begin, self._until))
        if kind == "whole":
            size: dict[str, Any] = {"size": random.randrange(10**9)} if random.random() < 0.5 else {}
            yield start(operation_id, now, **series, **size)
        else:
            yield change(operation_id, "processing", now, **said)
        for status, more in self._statuses():
            now = self._instant(now + self._duration())
            if status == "start again":
                if kind == "whole":
                    yield start(operation_id, now, **series)
                continue
            yield change(operation_id, status, now, **said, **more)

    def _statuses(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what follows a start: a life that ends as a rule, with repeats and contradictions."""
        random = self._random
        steps = ["pending"] if random.random() < 0.1 else []
        steps.append("processing")
        retries = 0
        while random.random() < 0.25:
            steps += ["retrying", random.choice(("processing", "processing", "pending"))]
        if random.random() < 0.9:
            steps.append("completed" if random.random() < 0.8 else "failed")
            # What comes after the end must not count.
            while random.random() < 0.1:
                steps.append(random.choice(("completed", "failed", "processing", "retrying")))
        for step in steps:
            more: dict[str, Any] = {}
            if step == "retrying":
                retries += 1
                more["retry_count"] = retries
            if step == "failed":
                more |= {"error": "connection reset", "error_type": random.choice(("Timeout", "Reset"))}
            if step in ("completed", "failed") and random.random() < 0.5:
                more["latency"] = random.uniform(0.1, 100)
            yield step, more
            if random.random() < 0.08:
                yield step, {}
            if random.random() < 0.03:
                yield "start again", {}

    def _backend(self, backend: str) -> Iterator[Event]:
        now = self._begin + self._random.uniform(0, 3600)
        before: str | None = None
        while now < self._until:
            after = self._random.choice(HEALTHS)
            told: dict[str, Any] = {"old_status": before} if before and self._random.random() < 0.5 else {}
            yield health(backend, after, self._instant(now), **told)
            before = after
            now += self._random.expovariate(1 / MEAN_SECONDS_BETWEEN_CHANGES)

    def _duration(self) -> float:
        """Return seconds: a few as a rule, now and then many minutes."""
        return min(5000.0, self._random.lognormvariate(math.log(4), 1.6))

    def _instant(self, at: float) -> float:
        """Return a timestamp at or soon after ``at`` that no other event has, a twentieth of them on a whole minute."""
        tick = math.ceil(at * TICKS)
        if self._random.random() < 0.05:
            tick = -(-tick // (60 * TICKS)) * 60 * TICKS
        while tick in self._taken:
            tick += 1
        self._taken.add(tick)
        return tick / TICKS

    def _shuffled(self, events: list[Event]) -> list[Event]:
        """Return the events of a batch in another order, starts and ends of one operation kept in theirs."""
        shuffled = events.copy()
        self._random.shuffle(shuffled)
        for ordered in (_starts, _ends):
            places: dict[str, list[int]] = {}
            for at, event in enumerate(shuffled):
                if ordered(event):
                    places.setdefault(event["operation_id"], []).append(at)
            for found in places.values():
                in_order = sorted((shuffled[at] for at in found), key=lambda event: float(event["timestamp"]))
                for at, event in zip(found, in_order, strict=True):
                    shuffled[at] = event
        return shuffled


def _starts(event: Event) -> bool:
    return bool(event["event"] == "operation_start")


def _ends(event: Event) -> bool:
    return event.get("status") in ("completed", "failed")
