"""What came of it all: every event that was sent, looked for on the disk and in the answers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from tests.end_to_end.daemon import Daemon

from .emitting_producer import OPERATION_TYPE
from .load import SPREAD, Load
from .notes import emitted, read

# Operation type, backend, and the hour (Unix s).
Cell = tuple[str, str, int]
# An event as it is found again: the operation and what it did; health has the instant in place of an operation.
Identity = tuple[str, str]


@dataclass(slots=True)
class Account:
    """Events by what became of them; ``lost`` were acknowledged, ``invented`` were never sent."""

    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    invented: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, producer: str, acknowledged: set[Identity], sent: set[Identity], stored: Counter[Identity]) -> None:
        """Enter one producer's events."""
        lost = acknowledged - stored.keys()
        twice = {each for each, times in stored.items() if times > 1}
        invented = stored.keys() - sent
        self.acknowledged += len(acknowledged)
        self.stored += stored.total()
        self.lost += len(lost)
        self.duplicated += sum(stored[each] - 1 for each in twice)
        self.invented += len(invented)
        for word, found in (("lost", lost), ("stored twice", twice), ("invented", invented)):
            self.examples += [f"{producer}: {word}: {each}" for each in sorted(found)[:3]]


@dataclass(slots=True)
class Numbers:
    """What is known of a cell: entries by status; of the latencies the count, sum, least and greatest (s)."""

    entries: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def ends(self) -> float:
        return self.latencies[0] if self.latencies else 0

    def add_latency(self, latency: float) -> None:
        count, total, least, greatest = self.latencies or (0, 0.0, latency, latency)
        self.latencies = [count + 1, total + latency, min(least, latency), max(greatest, latency)]


def stored_events(metrics_path: Path, producer: str) -> Counter[Identity]:
    """Return the events of a producer in all parts, and how often each is there."""
    table = ds.dataset(metrics_path / "events", format="parquet", exclude_invalid_files=False).to_table(
        columns=["operation_id", "event", "status", "timestamp"], filter=pc.field("producer") == producer
    )
    columns = [table[name].to_pylist() for name in ("operation_id", "event", "status")]
    instants = pc.cast(table["timestamp"], "int64").to_pylist()
    return Counter(
        (operation or f"health {instant}", "" if event != "status_change" else status)
        for operation, event, status, instant in zip(*columns, instants, strict=True)
    )


def raw_events(load: Load, producer: str, last: int) -> Iterator[Identity]:
    """Yield the events of a raw producer's batches up to ``last``."""
    for number in range(1, last + 1):
        for event in load.good(producer, number):
            if "operation_id" in event:
                yield event["operation_id"], event.get("status", "")
            else:
                yield f"health {round(event['timestamp'] * 1e6)}", ""


def emitted_events(producer: str, numbers: range) -> Iterator[Identity]:
    """Yield the events of an emitter's operations."""
    for number in numbers:
        yield f"{producer}-{number}", ""
        yield f"{producer}-{number}", "completed"


def settle(load: Load, folder: Path, metrics_path: Path, raw: list[str], emitting: list[str]) -> Account:
    """Compare each producer's notes in ``folder`` with the parts; nothing may be in the journal any more."""
    account = Account()
    for producer in raw:
        notes = read(folder / producer)
        sent = set(raw_events(load, producer, notes.get("sent", 0)))
        acknowledged = set(raw_events(load, producer, notes.get("acked", 0)))
        account.add(producer, acknowledged, sent, stored_events(metrics_path, producer))
    for producer in emitting:
        told = emitted(folder / producer)
        sent = set(emitted_events(producer, range(1, told.noted + 1)))
        # What was in memory alone when its process was killed was promised to nobody.
        safe = {event for span in told.safe for event in emitted_events(producer, span)}
        account.add(producer, safe, sent, stored_events(metrics_path, producer))
    return account


def wrong_answers(daemon: Daemon, load: Load, folder: Path, raw: list[str]) -> tuple[int, list[str]]:
    """Compare the answers of a daemon that is at rest with what was sent; return how many numbers, and which are wrong."""
    expected = expected_cells(load, {producer: read(folder / producer).get("sent", 0) for producer in raw})
    found: dict[Cell, Numbers] = {}
    span = {"start_time": load.at - SPREAD, "end_time": load.at + 3600, "interval": 3600}
    counts = daemon.get("metrics", metric_type="operation_count", **span)["metrics"]["operation_count"]
    latencies = daemon.get("metrics", metric_type="operation_latency", **span)["metrics"]["operation_latency"]
    for operation_type, backend, sample in _samples(counts):
        numbers = found.setdefault((operation_type, backend, int(sample["timestamp"])), Numbers())
        numbers.entries.update({status: count for status, count in sample["by_status"].items() if count})
    for operation_type, backend, sample in _samples(latencies):
        numbers = found.setdefault((operation_type, backend, int(sample["timestamp"])), Numbers())
        numbers.latencies = [sample["count"], sample["sum"], sample["min"], sample["max"]]
    wrong = [
        f"{cell}: expected {expected.get(cell)}, found {found.get(cell)}"
        for cell in sorted(expected.keys() | found.keys())
        if not _same(expected.get(cell), found.get(cell))
    ]
    return sum(len(each.entries) + len(each.latencies) for each in expected.values()), wrong


def expected_cells(load: Load, last: dict[str, int]) -> dict[Cell, Numbers]:
    """Return the numbers of every hour and series, from the operations of each producer's batches up to its last."""
    cells: defaultdict[Cell, Numbers] = defaultdict(Numbers)
    for producer, numbers in last.items():
        for number in range(1, numbers + 1):
            for each in load.operations(producer, number):
                series = (each.operation_type, each.backend)
                begun = cells[*series, int(each.begin) // 3600 * 3600]
                begun.entries.update(("pending", "processing"))
                if number == numbers:
                    # It ends in a batch that was never sent.
                    continue
                begun.entries.update(["retrying"] * each.retried)
                end = round(each.begin + each.latency, 3)
                ended = cells[*series, int(end) // 3600 * 3600]
                ended.entries[each.end] += 1
                ended.add_latency(each.latency)
    return dict(cells)


def _samples(metric: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for operation_type, by_backend in metric.items():
        if operation_type != OPERATION_TYPE:
            for backend, samples in by_backend.items():
                for sample in samples:
                    yield operation_type, backend, sample


def _same(expected: Numbers | None, found: Numbers | None) -> bool:
    if expected is None or found is None or expected.entries != found.entries:
        return False
    pairs = zip(expected.latencies, found.latencies, strict=False)
    same = len(expected.latencies) == len(found.latencies)
    # Timestamps are microseconds as floats: a difference of two of them is as exact as that.
    return same and all(math.isclose(one, other, rel_tol=1e-9, abs_tol=2e-6 * expected.ends) for one, other in pairs)
