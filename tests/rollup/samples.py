"""Event rows from few words, and random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    CODE_OF_STATE,
    HEALTHS,
    NO_STATE,
    OPERATION_EXPIRED,
    OPERATION_START,
    STATUS_CHANGE,
    STATUSES,
    UNPLACED,
)
from telemetryd.rollup.columns import EventColumns

_CODES = CODE_OF_STATE | {"none": NO_STATE, "unplaced": UNPLACED}


@dataclass(frozen=True)
class Row:
    """One event: ``at`` in Unix s, states by their words, ``"none"`` and ``"unplaced"`` among them."""

    at: float
    status: str
    previous: str = "none"
    latency: float = math.nan
    operation_type: str = "add"
    backend: str = "ipfs"
    event: int = STATUS_CHANGE
    operation_id: str | None = None


def started(at: float, **more: str) -> Row:
    return Row(at, "pending", event=OPERATION_START, **more)  # type: ignore[arg-type]


def expired(at: float, previous: str) -> Row:
    return Row(at, "none", previous, event=OPERATION_EXPIRED)


def health(at: float, status: str, backend: str = "ipfs") -> Row:
    return Row(at, status, operation_type="", backend=backend, event=BACKEND_HEALTH_CHANGE)


def columns(rows: Sequence[Row], first_sequence: int = 1) -> EventColumns:
    """Return rows as columns, with sequences in the order given."""
    types = tuple(dict.fromkeys(("", *(row.operation_type for row in rows))))
    backends = tuple(dict.fromkeys(("", *(row.backend for row in rows))))
    count = len(rows)
    return EventColumns(
        timestamp=np.array([round(row.at * 1_000_000) for row in rows], np.int64),
        event=np.array([row.event for row in rows], np.uint8),
        operation_type=np.array([types.index(row.operation_type) for row in rows], np.uint16),
        backend=np.array([backends.index(row.backend) for row in rows], np.uint16),
        status=np.array([_CODES[row.status] for row in rows], np.uint8),
        previous=np.array([_CODES[row.previous] for row in rows], np.uint8),
        latency=np.array([row.latency for row in rows], np.float64),
        retry_count=np.full(count, -1, np.int32),
        size=np.full(count, -1, np.int64),
        error_type=np.zeros(count, np.uint16),
        producer=np.zeros(count, np.uint16),
        sequence=np.arange(first_sequence, first_sequence + count, dtype=np.int64),
        operation_id=pa.array([row.operation_id for row in rows], pa.string()),
        operation_types=types,
        backends=backends,
        error_types=("",),
        producers=("",),
    )


# Quarters of a second over three hours: instants that several rows share, and boundaries of intervals.
instants = st.integers(0, 3 * 3600 * 4 - 1).map(lambda quarter: quarter / 4) | st.integers(0, 179).map(
    lambda at: at * 60.0
)
_backends = st.sampled_from(("ipfs", "s3"))
_statuses = st.builds(
    Row,
    at=instants,
    status=st.sampled_from(STATUSES),
    previous=st.sampled_from((*STATUSES, "none", "unplaced")),
    latency=st.just(math.nan) | st.floats(0, 1e4),
    operation_type=st.sampled_from(("add", "pin")),
    backend=_backends,
)
_expired = st.builds(expired, instants, st.sampled_from((*STATUSES[:3], "unplaced")))
health_rows = st.builds(health, instants, st.sampled_from(HEALTHS), _backends)
rows = st.lists(_statuses | _expired | health_rows, max_size=60)
