"""Rows to store: like what a recorder hands over, made from a seed."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable
from typing import Any

from telemetryd.model.events import COMPLETED, NO_STATE, PENDING, STATUS_CHANGE, UNPLACED
from telemetryd.rollup.columns import EventColumns
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.head import FrozenHead, Head, Names
from telemetryd.storage.part import read_events
from telemetryd.storage.part_name import Part
from telemetryd.storage.sealer import seal
from tests.disk.faults import FailingFiles as FailingFiles

HOUR = 1_700_000_000 // 3600 * 3600
INTERVAL = 60

TYPES = ["", "unknown", "add", "pin", "unpin"]
BACKENDS = ["", "unknown", "ipfs", "s3"]
ERRORS = ["", "Timeout", "HTTPError"]
PRODUCERS = ["", "node-1", "node-2"]

Row = tuple[Any, ...]


def names() -> Names:
    """Return names, and a series for every pair of a type and a backend: ``series_of`` tells its number."""
    types, backends = zip(*(divmod(series, len(BACKENDS)) for series in range(len(TYPES) * len(BACKENDS))), strict=True)
    return Names(list(TYPES), list(BACKENDS), list(types), list(backends), list(ERRORS), list(PRODUCERS))


def series_of(operation_type: int, backend: int) -> int:
    return operation_type * len(BACKENDS) + backend


def head_of(count: int, first: int = 1, hour: int = HOUR, hours: int = 1, seed: int = 0) -> Head:
    """Return a head with so many rows of every kind, spread over some hours, in any order of time."""
    chosen = random.Random(f"{seed} {first} {count}")
    head = Head(first, names())
    for number in range(count):
        event = chosen.choice((0, 1, 1, 1, 2, 3))
        status = {0: PENDING, 2: chosen.randint(5, 8), 3: NO_STATE}.get(event, chosen.randrange(5))
        previous = chosen.choice((NO_STATE, UNPLACED, 0, 1, 2)) if event != 2 else chosen.choice((NO_STATE, 5, 8))
        ended = event == STATUS_CHANGE and status >= COMPLETED
        timestamp = hour * 1_000_000 + chosen.randrange(hours * 3_600_000_000)
        operation_type = 0 if event == 2 else chosen.randrange(1, len(TYPES))
        backend = chosen.randrange(1, len(BACKENDS))
        head.append(
            [timestamp / 1e6],
            bytes((event,)),
            [series_of(operation_type, backend) if operation_type else ~backend],
            bytes((status,)),
            bytes((previous,)),
            array("d", (chosen.expovariate(2) if ended and chosen.random() < 0.9 else math.nan,)),
            chosen.choice(({}, {0: 0}, {0: 3})),
            chosen.choice(({}, {0: 0}, {0: 2**40})),
            {0: chosen.randrange(len(ERRORS))},
            0 if event == 3 else chosen.randrange(1, len(PRODUCERS)),
            [None if event == 2 else f"operation-{(first + number) // 3:08d}"],
        )
    return head


def frozen_of(count: int, first: int = 1, hour: int = HOUR, hours: int = 1, *, detailed: bool = True) -> FrozenHead:
    return head_of(count, first, hour, hours).freeze(first + count - 1, detailed)


def frozen_with(columns: EventColumns, *, detailed: bool = True) -> FrozenHead:
    """Return a head of given rows, in which no sequence need be the one after the one before."""
    first, last = int(columns.sequence.min()), int(columns.sequence.max())
    return FrozenHead(first, last, detailed, lambda: columns)


def columns_of(count: int, first: int = 1, hour: int = HOUR, hours: int = 1) -> EventColumns:
    return head_of(count, first, hour, hours).columns()


def rows_of(columns: EventColumns) -> list[Row]:
    """Return every row as plain values, codes told by their names: what two columns are compared by."""
    ids = [None] * len(columns) if columns.operation_id is None else columns.operation_id.to_pylist()
    plain = zip(
        columns.timestamp.tolist(),
        columns.sequence.tolist(),
        columns.event.tolist(),
        columns.status.tolist(),
        columns.previous.tolist(),
        [None if math.isnan(latency) else latency for latency in columns.latency.tolist()],
        columns.retry_count.tolist(),
        columns.size.tolist(),
        [columns.operation_types[code] for code in columns.operation_type.tolist()],
        [columns.backends[code] for code in columns.backend.tolist()],
        [columns.error_types[code] for code in columns.error_type.tolist()],
        [columns.producers[code] for code in columns.producer.tolist()],
        ids,
        strict=True,
    )
    return list(plain)


def in_file_order(*several: EventColumns) -> list[Row]:
    """Return the rows of all columns by timestamp, then sequence."""
    return sorted(row for columns in several for row in rows_of(columns))


def sealed(files: Files, folder: Folder, *heads: FrozenHead, interval: int = INTERVAL) -> list[Part]:
    """Return the parts of some heads, in place."""
    return [part for head in heads for part in seal(files, folder, head, interval)]


def stored_rows(files: Files, view: Any) -> list[Row]:
    """Return all rows that a catalog's view holds."""
    parts = [part for hour in view.values() for part in hour.events]
    return sorted(row for part in parts for row in rows_of(read_events(files, part)))


def hour_parts(parts: Iterable[Part]) -> HourParts:
    return HourParts().changed((), tuple(parts))
