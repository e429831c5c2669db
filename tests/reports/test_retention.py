"""Which reports have to go."""

from __future__ import annotations

import msgspec

from telemetryd.reports.record import Record, Status
from telemetryd.reports.retention import expired, surplus

DAY = 86_400


def record(created: float, size: int = 10, status: Status = "done") -> Record:
    return Record(f"report_{created:.0f}_10000", "/", status, created, 0, 60, size=size)


def names(records: list[Record]) -> list[float]:
    return [each.created for each in records]


def test_old_ones_go() -> None:
    """To the second, and whether they were made or failed."""
    old, young = record(0.0, status="failed"), record(1.0)
    assert expired([young, old], 30 * DAY, 30) == [old]


def test_what_is_being_made_stays() -> None:
    """However long it takes."""
    assert expired([record(0.0, status="running")], 99 * DAY, 1) == []
    assert surplus([record(0.0, 99, "running")], 1) == []


def test_the_oldest_of_too_many_go() -> None:
    """As many as are needed, and no more."""
    several = [record(3.0), record(1.0), record(2.0)]
    assert names(surplus(several, 30)) == []
    assert names(surplus(several, 29)) == [1.0]
    assert names(surplus(several, 19)) == [1.0, 2.0]
    assert names(surplus(several, 0)) == [1.0, 2.0, 3.0]


def test_one_that_is_made_counts_and_stays() -> None:
    """The finished ones make room for it."""
    running = msgspec.structs.replace(record(0.0, 25), status="running")
    assert names(surplus([running, record(1.0), record(2.0)], 40)) == [1.0]
