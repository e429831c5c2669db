"""What a range holds, put into cells."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.model.events import COMPLETED, FAILED, PENDING
from telemetryd.model.series import SeriesKey
from telemetryd.model.timerange import TimeRange
from telemetryd.query.gathered import (
    Gathered,
    ended_statuses,
    entered_statuses,
    matching,
    queue_state,
)
from telemetryd.query.grid import grid
from telemetryd.query.request import Filters
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import IN_FLIGHT
from tests.rollup.samples import Row, columns, health, started

MINUTES = grid(TimeRange(0, 180), 60)
ROWS = [
    started(0, backend="s3"),
    started(0, backend="ipfs"),
    Row(90, "completed", "pending", 90.0, backend="s3"),
    Row(90, "failed", "pending", 90.0, backend="ipfs"),
    health(60, "online", "s3"),
]


def gathered() -> Gathered:
    """Return rows whose codes are in another order than their keys, and a key and a backend without rows."""
    keys = tuple(SeriesKey("add", backend) for backend in ("filecoin", "ipfs", "s3"))
    rows = build(columns(ROWS), 60)
    return Gathered(
        rows=rows,
        keys=keys,
        in_flight=np.array([[0, 2, 1], [0, 0, 0], [0, 0, 0]]),
        first_seen=np.zeros(3),
        backends=("ipfs", "s3"),
        health=np.array([0.5, np.nan]),
        horizon=1000.0,
        detailed=rows,
    )


def test_operations_are_those_of_some_statuses() -> None:
    """Rows of other statuses are left aside."""
    data = gathered()
    cells = data.operations(MINUTES, (COMPLETED, FAILED))
    assert (cells.cell.tolist(), cells.sum.tolist()) == ([1, 1], [90.0, 90.0])
    assert cells.entries[:, PENDING].sum() == 0
    assert len(data.operations(MINUTES, ()).cell) == 0


def test_queues_are_told_by_key() -> None:
    """Each key has its row, also one that nothing happened to; asking does not change what was gathered."""
    data = gathered()
    for _ in range(2):
        total = data.queue(MINUTES, IN_FLIGHT)
        assert total.last.tolist() == [[3, 3, 3], [1, 0, 0], [1, 0, 0]]
        assert total.mean[1].tolist() == [1.0, 0.5, 0.0]
    assert data.queue(MINUTES, 2).last.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_healths_are_told_by_backend() -> None:
    """What was known before the range goes on; what was not begins with its first change."""
    data = gathered()
    for _ in range(2):
        found = data.health_of_backends(MINUTES)
        assert found.known.tolist() == [[60.0, 60.0, 60.0], [0.0, 60.0, 60.0]]
        assert found.last[0].tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("status", "entered", "ended", "state"),
    [
        (None, [0, 1, 2, 3, 4], [3, 4], IN_FLIGHT),
        ("pending", [0], [], 0),
        ("retrying", [2], [], 2),
        ("completed", [3], [3], None),
        ("failed", [4], [4], None),
    ],
)
def test_a_status_filters_entries_ends_and_states(
    status: str | None, entered: list[int], ended: list[int], state: int | None
) -> None:
    """A status in flight leaves no ended operations, a terminal one no queue."""
    filters = Filters(status=status)
    assert list(entered_statuses(filters)) == entered
    assert list(ended_statuses(filters)) == ended
    assert queue_state(filters) == state


def test_keys_match_by_type_and_backend() -> None:
    """Both filters have to fit; keys come in order of their names."""
    keys = {SeriesKey(*key): 0.0 for key in (("pin", "s3"), ("add", "s3"), ("add", "ipfs"))}
    assert [str(key) for key in matching(keys, Filters())] == ["add:ipfs", "add:s3", "pin:s3"]
    assert [str(key) for key in matching(keys, Filters(backend="s3"))] == ["add:s3", "pin:s3"]
    assert [str(key) for key in matching(keys, Filters("add", "s3", "failed"))] == ["add:s3"]
    assert matching(keys, Filters("get")) == []
