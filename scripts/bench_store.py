#!/usr/bin/env python3
"""Make a store of many days, as a daemon that has run for as long would have left it.

Hourly parts of events and rollups, compacted, written by the storage layer itself; the same seed and
arguments make the same numbers. Each operation is started, processed, and completed or failed (one in
twenty), with latencies that are log-normal around a median of each series; a backend's health changes
about every two hours.

    scripts/bench_store.py /tmp/store
    scripts/bench_store.py /tmp/store --days 1 --operations 100000 --types 13 --backends 5
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from measured_daemon import ROOT

sys.path.insert(0, str(ROOT))

from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    COMPLETED,
    FAILED,
    HEALTHS,
    NO_STATE,
    ONLINE,
    OPERATION_START,
    PENDING,
    PROCESSING,
    STATUS_CHANGE,
)
from telemetryd.rollup.columns import Array, EventColumns, in_order
from telemetryd.storage import compactor
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import EVENTS, Folder
from telemetryd.storage.part import write_events
from telemetryd.storage.part_name import Part
from telemetryd.storage.rows import concat_events

HOUR, DAY = 3600, 86400
TYPES = ("add", "get", "pin", "unpin", "cat", "ls", "mkdir", "copy", "move", "remove", "publish", "resolve", "stat")
BACKENDS = ("ipfs", "s3", "storacha", "filecoin", "local")
_US = 1_000_000
_SECONDS_BETWEEN_CHANGES_OF_HEALTH = 7200.0
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
# Where the digits of a UUID stand among its dashes.
_DIGITS = np.array([at for at in range(36) if at not in (8, 13, 18, 23)])
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a store is to hold: ``end`` (Unix s) is a whole hour, ``operations`` are those of a day."""

    end: int
    days: int = 30
    operations: int = 1_000_000
    types: int = 5
    backends: int = 4
    interval: int = 60
    seed: int = 1

    @property
    def begin(self) -> int:
        return self.end - self.days * DAY


def make_store(path: str, shape: Shape, told: Told = lambda done, total: None) -> int:
    """Write a store below ``path`` and return how many events it holds; raises OSError."""
    files, random = Files(), np.random.default_rng(shape.seed)
    sequence, rest = 1, EventColumns.empty()
    with Folder(files, path).locked() as folder:
        for number, hour in enumerate(range(shape.begin, shape.end, HOUR)):
            told(number, shape.days * 24)
            rows = in_order(concat_events([rest, *_hour(random, shape, hour)]))
            inside = rows.timestamp < (hour + HOUR) * _US
            # What began in this hour and ends in a later one.
            rest, rows = rows.take(~inside), rows.take(inside)
            if len(rows):
                rows.sequence[:] = np.arange(sequence, sequence + len(rows))
                _write(files, folder, hour, rows, shape.interval)
                sequence += len(rows)
    told(shape.days * 24, shape.days * 24)
    return sequence - 1


def _write(files: Files, folder: Folder, hour: int, rows: EventColumns, interval: int) -> None:
    first, last = int(rows.sequence[0]), int(rows.sequence[-1])
    part = Part.named(folder, EVENTS, hour, "hour", first, last)
    files.make_folder(folder.partition(EVENTS, hour))
    write_events(files, part.path, rows)
    # The rollup is the compactor's own work.
    compactor.merge(files, folder, compactor.Merge(hour, HourParts((part,), ())), interval)


def _hour(random: np.random.Generator, shape: Shape, hour: int) -> list[EventColumns]:
    """Return the events of the operations that begin in an hour, and the changes of health in it."""
    count = shape.operations // 24
    types, backends = _names("type", TYPES, shape.types), _names("backend", BACKENDS, shape.backends)
    kind, backend = random.integers(1, shape.types + 1, count), random.integers(1, shape.backends + 1, count)
    began = hour * _US + random.integers(0, HOUR * _US, count)
    latency = random.lognormal(np.log(0.05 * kind + 0.2 * backend), 1.0)
    ended = began + np.maximum(1, (latency * _US).astype(np.int64))
    waited = began + ((ended - began) * random.uniform(0.05, 0.5, count)).astype(np.int64)
    failed = random.random(count) < 0.05
    # Whole blocks, as most content is chunked.
    size = random.integers(1, 65, count) << 18
    ids = _uuids(random, count)

    def rows(timestamp: Array, event: int, status: Array | int, previous: int, **more: Array) -> EventColumns:
        return EventColumns(
            timestamp=timestamp,
            event=np.full(count, event, np.uint8),
            operation_type=kind.astype(np.uint16),
            backend=backend.astype(np.uint16),
            status=np.broadcast_to(np.asarray(status, np.uint8), count),
            previous=np.full(count, previous, np.uint8),
            latency=more.get("latency", np.full(count, np.nan)),
            retry_count=np.full(count, -1, np.int32),
            size=more.get("size", np.full(count, -1)),
            error_type=more.get("error_type", np.zeros(count)).astype(np.uint16),
            producer=np.ones(count, np.uint16),
            sequence=np.zeros(count, np.int64),
            operation_id=ids,
            operation_types=types,
            backends=backends,
            error_types=("", "Timeout", "Reset"),
            producers=("", "wal"),
        )

    end = np.where(failed, FAILED, COMPLETED)
    error = np.where(failed, random.integers(1, 3, count), 0)
    return [
        rows(began, OPERATION_START, PENDING, NO_STATE, size=size),
        rows(waited, STATUS_CHANGE, PROCESSING, PENDING),
        rows(ended, STATUS_CHANGE, end, PROCESSING, latency=(ended - began) / _US, error_type=error),
        _health(random, shape, hour, backends),
    ]


def _health(random: np.random.Generator, shape: Shape, hour: int, backends: tuple[str, ...]) -> EventColumns:
    changes = random.poisson(HOUR / _SECONDS_BETWEEN_CHANGES_OF_HEALTH, shape.backends)
    if hour == shape.begin:
        changes = np.maximum(1, changes)
    count = int(changes.sum())
    return EventColumns(
        timestamp=hour * _US + random.integers(0, HOUR * _US, count),
        event=np.full(count, BACKEND_HEALTH_CHANGE, np.uint8),
        operation_type=np.zeros(count, np.uint16),
        backend=np.repeat(np.arange(1, shape.backends + 1), changes).astype(np.uint16),
        status=(ONLINE + random.choice(len(HEALTHS), count, p=(0.7, 0.15, 0.1, 0.05))).astype(np.uint8),
        previous=np.full(count, NO_STATE, np.uint8),
        latency=np.full(count, np.nan),
        retry_count=np.full(count, -1, np.int32),
        size=np.full(count, -1),
        error_type=np.zeros(count, np.uint16),
        producer=np.ones(count, np.uint16),
        sequence=np.zeros(count, np.int64),
        operation_id=pa.nulls(count, pa.string()),
        operation_types=("",),
        backends=backends,
        error_types=("",),
        producers=("", "wal"),
    )


def _names(word: str, known: tuple[str, ...], count: int) -> tuple[str, ...]:
    return ("", *known[:count], *(f"{word}-{number}" for number in range(len(known), count)))


def _uuids(random: np.random.Generator, count: int) -> pa.StringArray:
    """Return random ids in the form of UUIDs, made without a Python object each."""
    noise = np.frombuffer(random.bytes(16 * count), np.uint8).reshape(count, 16)
    text = np.full((count, 36), ord("-"), np.uint8)
    text[:, _DIGITS] = _HEX[np.stack([noise >> 4, noise & 15], axis=2).reshape(count, 32)]
    text[:, 14] = ord("4")
    offsets = np.arange(0, 36 * (count + 1), 36, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def main() -> int:
    """Make a store and say what it holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", help="where to make it: a metrics path, new or empty")
    parser.add_argument(
        "--days", type=int, default=30, help="whole days, up to the last midnight UTC (default: %(default)s)"
    )
    parser.add_argument("--operations", type=int, default=1_000_000, help="operations a day (default: %(default)s)")
    parser.add_argument("--types", type=int, default=5, help="operation types (default: %(default)s)")
    parser.add_argument("--backends", type=int, default=4, help="backends (default: %(default)s)")
    parser.add_argument("--interval", type=int, default=60, help="sampling interval, s (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="other numbers (default: %(default)s)")
    options = vars(parser.parse_args())
    path, began = options.pop("path"), time.monotonic()

    def told(done: int, total: int) -> None:
        print(f"\r{done}/{total} hours, {time.monotonic() - began:.0f} s ", end="", file=sys.stderr, flush=True)

    count = make_store(path, Shape(end=int(time.time()) // DAY * DAY, **options), told)
    size = sum(file.stat().st_size for file in Path(path).rglob("*.parquet"))
    print(f"\n{count:,} events, {size / (1 << 20):,.0f} MiB, {size / count:.2f} bytes an event")
    return 0


if __name__ == "__main__":
    sys.exit(main())
