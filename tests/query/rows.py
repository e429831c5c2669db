"""Event rows of a history, each with the status before it by hindsight, as the tracker leaves them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, OPERATION_START, STATUS_CHANGE, TERMINAL_STATUSES
from telemetryd.rollup.columns import EventColumns
from tests.oracle.history import UNKNOWN, series_of
from tests.rollup.samples import Row, columns

Event = Mapping[str, Any]


def columns_of(events: Sequence[Event]) -> EventColumns:
    """Return one row for each event, in their order of arrival."""
    operations: dict[str, list[int]] = {}
    rows: dict[int, Row] = {}
    for at, event in enumerate(events):
        if event["event"] == "backend_health_change":
            rows[at] = Row(
                event["timestamp"],
                event["new_status"],
                operation_type="",
                backend=event["backend"],
                event=BACKEND_HEALTH_CHANGE,
            )
        else:
            operations.setdefault(event["operation_id"], []).append(at)
    for arrivals in operations.values():
        rows |= _rows_of(arrivals, events)
    return columns([rows[at] for at in range(len(events))])


def _rows_of(arrivals: Sequence[int], events: Sequence[Event]) -> dict[int, Row]:
    """Return the rows of one operation, by the place of their events."""
    mine = [events[at] for at in arrivals]
    series = series_of(mine)
    starts = [at for at in arrivals if events[at]["event"] == "operation_start"]
    state = "none"
    rows: dict[int, Row] = {}
    for at in sorted(arrivals, key=lambda at: float(events[at]["timestamp"])):
        event = events[at]
        status = event.get("status", "pending")
        # A start that is not the first says nothing new: it is a repeat, whatever the status is by then.
        previous = "pending" if at in starts[1:] else state
        counts = previous not in (status, *TERMINAL_STATUSES)
        latency = math.nan
        if counts and status in TERMINAL_STATUSES:
            told = event.get("latency", math.nan)
            latency = max(0.0, event["timestamp"] - events[starts[0]]["timestamp"]) if starts else told
        rows[at] = Row(
            event["timestamp"],
            status,
            "unplaced" if series == UNKNOWN and counts else previous,
            latency,
            *series,
            event=OPERATION_START if event["event"] == "operation_start" else STATUS_CHANGE,
            operation_id=event["operation_id"],
        )
        if counts:
            state = status
    return rows
