"""What a producer sends: the events of a batch follow from the seed, the producer's name and the batch's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from tests.oracle.events import change, health, start

TYPES = ("add", "get", "pin", "unpin", "list")
BACKENDS = ("ipfs", "s3", "storacha")
HEALTHS = ("online", "degraded", "offline", "unknown")
# Operations are spread over so many seconds before the instant that the campaign calls its own: events
# of many hours, in no order.
SPREAD = 4 * 3600
LONGEST = 60.0
MOST_OPERATIONS = 40
# One batch in so many also holds events that have to be rejected.
BAD_EVERY = 7
BAD: tuple[Any, ...] = (
    {"event": "operation_start", "operation_id": "no backend", "operation_type": "add", "timestamp": 1.0},
    {"event": "status_change", "operation_id": "ancient", "status": "completed", "timestamp": 1.0},
    {"event": "status_change", "operation_id": "no status", "status": "done", "timestamp": 1.0},
    17,
)
# Operations started up to each batch, for each load and producer.
_TOTALS: dict[tuple[Load, str], list[int]] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation's whole life; times in Unix s, all on whole milliseconds."""

    operation_id: str
    operation_type: str
    backend: str
    begin: float
    latency: float
    end: str
    retried: bool


@dataclass(frozen=True, slots=True)
class Load:
    """The load of a campaign: its ``seed``, and the instant ``at`` (Unix s) before which everything happened."""

    seed: int
    at: int

    def operations(self, producer: str, number: int) -> tuple[Operation, ...]:
        """Return the operations that start in a batch."""
        return _operations(self, producer, number)

    def started(self, producer: str, last: int) -> int:
        """Return how many operations start in the batches up to ``last``."""
        return _started(self, producer, last)

    def good(self, producer: str, number: int) -> list[dict[str, Any]]:
        """Return the events of a batch that are to be stored: its own operations start, those of the one before end."""
        events = []
        for each in self.operations(producer, number):
            events.append(start(each.operation_id, each.begin, each.operation_type, each.backend))
            events.append(change(each.operation_id, "processing", each.begin))
        for each in self.operations(producer, number - 1):
            if each.retried:
                events.append(change(each.operation_id, "retrying", each.begin))
            events.append(change(each.operation_id, each.end, round(each.begin + each.latency, 3)))
        chosen = Random(f"{self.seed} health {producer} {number}")
        # A millisecond of its own for each batch of a producer: that is how it is found again.
        events.append(health(chosen.choice(BACKENDS), chosen.choice(HEALTHS), self.at - SPREAD + number / 1000))
        return events

    def bad(self, producer: str, number: int) -> list[Any]:
        """Return the events of a batch that are to be rejected."""
        chosen = Random(f"{self.seed} bad {producer} {number}")
        return chosen.sample(BAD, 2) if chosen.randrange(BAD_EVERY) == 0 else []


def _started(load: Load, producer: str, last: int) -> int:
    known = _TOTALS.setdefault((load, producer), [0])
    for number in range(len(known), last + 1):
        known.append(known[-1] + len(load.operations(producer, number)))
    return known[last]


@lru_cache(8)
def _operations(load: Load, producer: str, number: int) -> tuple[Operation, ...]:
    if number < 1:
        return ()
    chosen = Random(f"{load.seed} {producer} {number}")
    return tuple(_drawn(load, producer, number, chosen))


def _drawn(load: Load, producer: str, number: int, chosen: Random) -> Iterator[Operation]:
    for index in range(chosen.randint(1, MOST_OPERATIONS)):
        yield Operation(
            operation_id=f"{producer}-{number}-{index}",
            operation_type=chosen.choice(TYPES),
            backend=chosen.choice(BACKENDS),
            begin=load.at - chosen.randrange(int(LONGEST) * 1000, SPREAD * 1000) / 1000,
            latency=round(chosen.uniform(0.001, LONGEST), 3),
            end=chosen.choice(("completed", "completed", "completed", "failed")),
            retried=chosen.random() < 0.1,
        )
