"""Rows are columns of one length that tell nothing until they are filled."""

from __future__ import annotations

import math
from dataclasses import fields

from telemetryd.live.rows import Ended, Patch, Rows
from telemetryd.model.events import NO_STATE


def test_sized_columns_have_one_length_and_tell_nothing() -> None:
    """Only the timestamps are left to the caller."""
    rows = Rows.sized(3)
    lengths = {each.name: len(getattr(rows, each.name)) for each in fields(rows)}
    assert {name for name, length in lengths.items() if length == 0} == {"timestamp", "patches", "ended"}
    assert {length for length in lengths.values() if length} == {3}
    assert rows.previous == rows.status == [NO_STATE] * 3
    assert all(math.isnan(value) for value in rows.latency)
    assert rows.operation_id == [None] * 3


def test_the_length_is_that_of_the_timestamps() -> None:
    """They are the one column every row has."""
    assert len(Rows(timestamp=[1, 2])) == 2


def test_a_patch_leaves_alone_what_it_does_not_name() -> None:
    """None is no change."""
    assert Patch(7, latency=1.5) == (7, None, None, None, 1.5)


def test_an_end_says_when_what_how_and_how_long() -> None:
    """In the order of its fields."""
    assert Ended(1.0, 2, 3, 4.0, -1)._fields == ("timestamp", "series", "status", "latency", "weight")
