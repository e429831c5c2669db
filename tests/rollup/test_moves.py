"""What single rows mean for counts and for the queue."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from telemetryd.model.events import STATES
from telemetryd.rollup.columns import EventColumns
from telemetryd.rollup.moves import is_entry, is_operation, moves, series_of

from . import brute_force, samples
from .samples import Row, columns, expired, health, started

CASES = [
    # row, is an entry, leaves, enters
    (started(0), True, None, "pending"),
    (Row(0, "processing", "pending"), True, "pending", "processing"),
    (Row(0, "retrying", "processing"), True, "processing", "retrying"),
    (Row(0, "processing", "processing"), False, None, None),
    (Row(0, "completed", "processing"), True, "processing", None),
    (Row(0, "completed", "none"), True, None, None),
    (Row(0, "processing", "none"), True, None, "processing"),
    (Row(0, "failed", "completed"), False, None, None),
    (Row(0, "completed", "completed"), False, None, None),
    (Row(0, "processing", "failed"), False, None, None),
    (Row(0, "processing", "unplaced"), True, None, None),
    (Row(0, "failed", "unplaced"), True, None, None),
    (expired(0, "retrying"), False, "retrying", None),
    (expired(0, "unplaced"), False, None, None),
    (health(0, "online"), False, None, None),
]


def word(code: int) -> str | None:
    return None if code < 0 else STATES[code]


@pytest.mark.parametrize(("row", "entry", "leaves", "enters"), CASES)
def test_a_row_means_one_thing(row: Row, entry: bool, leaves: str | None, enters: str | None) -> None:
    """Each kind of row is an entry or none, and moves the queue in one way."""
    events = columns([row])
    moved = moves(events)
    assert bool(is_entry(events)[0]) is entry
    assert (word(moved.leaves[0]), word(moved.enters[0])) == (leaves, enters)


@given(samples.rows)
def test_rows_mean_what_plain_python_says(rows: list[Row]) -> None:
    """Columns of any rows give what the rules give one by one."""
    events = columns(rows)
    moved = moves(events)
    assert is_entry(events).tolist() == [brute_force.is_entry(row) for row in rows]
    for row, leaves, enters in zip(rows, moved.leaves.tolist(), moved.enters.tolist(), strict=True):
        found: Counter[str] = Counter()
        if leaves >= 0:
            found[STATES[leaves]] -= 1
        if enters >= 0:
            found[STATES[enters]] += 1
        assert found == brute_force.moves(row)


@given(samples.rows)
def test_series_are_told_by_codes(rows: list[Row]) -> None:
    """Each row's code points at its type and backend, and every key is used."""
    events = columns(rows)
    codes, keys = series_of(events)
    assert [tuple(keys[code]) for code in codes.tolist()] == [(row.operation_type, row.backend) for row in rows]
    assert sorted(set(codes.tolist())) == list(range(len(keys)))


def test_no_rows_mean_nothing() -> None:
    """Columns without rows and without names are taken."""
    empty = EventColumns.empty()
    assert series_of(empty)[1] == ()
    assert len(is_operation(empty)) == len(is_entry(empty)) == len(moves(empty).leaves) == 0
    assert np.array_equal(moves(empty).enters, [])
