"""Still pictures of the state, for those who read it: each taken in one step, so that nothing changes meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from telemetryd.ingest.recorder import Recorder
from telemetryd.live.tracker import Tracker
from telemetryd.model.events import STATES
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import hour_of
from telemetryd.query.snapshot import OperationInFlight, Snapshot
from telemetryd.storage.catalog import Catalog

_US = 1_000_000


def snapshot(
    recorder: Recorder, catalog: Catalog, settings: Callable[[], Settings], clock: Callable[[], float]
) -> Snapshot:
    """Return a still picture; taken in one step, so that each row is seen exactly once."""
    ledger = recorder.ledger
    tracker = ledger.tracker
    heads = [closed.head.columns for closed in recorder.backlog.closed]
    if len(ledger.head):
        heads.append(ledger.head.columns())
    keys, first_seen = tracker.series.keys, tracker.series.first_seen
    return Snapshot(
        now=clock(),
        sampling_interval=settings().telemetry.sampling_interval,
        heads=tuple(heads),
        hours=catalog.view(),
        days=catalog.days(),
        in_flight={key: (row[0], row[1], row[2]) for key, row in zip(keys, tracker.in_flight, strict=True)},
        first_seen={key: seen for key, seen in zip(keys, first_seen, strict=True) if seen < math.inf},
        health=dict(tracker.health),
        operations=partial(_in_flight, tracker),
    )


def _in_flight(tracker: Tracker) -> list[OperationInFlight]:
    found = []
    # Called in a query's thread, a moment after the rest: the copy is one step for the interpreter.
    for operation_id, operation in list(tracker.table.operations.items()):
        key, running = tracker.series.keys[operation.series], operation.running
        status = STATES[running] if running < len(STATES) else STATES[0]
        times = (operation.started, operation.since)
        found.append(OperationInFlight(operation_id, *key, status, *times, operation.retry_count))
    return found


def hours_held(recorder: Recorder) -> set[int]:
    """Return the UTC hours (their starts, Unix s) that have rows in memory which are in no part yet.

    Of a head that waits to be sealed only the first of its hours: what comes after it does not matter
    to whoever asks whether a range still changes.
    """
    heads = (closed.head.columns for closed in recorder.backlog.closed)
    return {hour_of(int(head.timestamp.min()) / _US) for head in heads if len(head)} | set(recorder.ledger.hours)
