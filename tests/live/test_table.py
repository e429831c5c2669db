"""The table of operations: found whole, bounded in number, overdue in time."""

from __future__ import annotations

from dataclasses import replace

from telemetryd.live.operation import Operation
from telemetryd.live.regular import Regular
from telemetryd.live.rows import Rows
from telemetryd.live.table import SWEEP, OperationTable
from telemetryd.model.settings import LiveSettings

NO_ROWS = Rows.at([], [])


def table_of(count: int, **limits: int) -> OperationTable:
    """Return a table with so many operations, a second apart, under limits as in the settings."""
    table = OperationTable(replace(LiveSettings(), **limits))
    for number in range(count):
        table.operations[str(number)] = Regular(0, 100.0 + number, 100.0 + number, 0)
    return table


def test_a_regular_operation_is_whole_from_the_first_time_it_is_asked_for() -> None:
    """In flight or ended, in its place; one that nothing was told of is not there."""
    table = table_of(3)
    table.leave("1")
    for operation_id, where in (("0", table.operations), ("1", table.ended)):
        found = table.known(operation_id, NO_ROWS)
        assert isinstance(found, Operation)
        assert table.known(operation_id, NO_ROWS) is where[operation_id] is found
    assert list(table.operations) == ["0", "2"]
    assert table.known("9", NO_ROWS) is None


def test_what_leaves_has_ended_once() -> None:
    """Leaving again, or without having been there, changes nothing."""
    table = table_of(2)
    for _ in range(2):
        table.leave("1")
    table.leave("9")
    assert (list(table.operations), list(table.ended)) == (["0"], ["1"])


def test_the_oldest_ended_ones_are_forgotten_before_there_are_more_than_the_limit() -> None:
    """A sixteenth at a time."""
    table = table_of(100, max_ended=32)
    for number in range(100):
        table.leave(str(number))
        table.settle(NO_ROWS)
        assert len(table.ended) <= 32
        assert list(table.ended) == [str(each) for each in range(number - len(table.ended) + 1, number + 1)]
    assert len(table.ended) >= 30


def test_those_beyond_the_number_or_the_age_are_overdue_once_each() -> None:
    """The oldest first; ages are looked at now and then."""
    table = table_of(5, max_operations=3, max_operation_age=10)
    assert table.overdue(now=112.5) == ["0", "1", "2"]
    assert table.overdue(now=112.5 + SWEEP / 2) == ["0", "1"]
    assert table.overdue(now=112.5 + SWEEP) == ["0", "1", "2", "3", "4"]
