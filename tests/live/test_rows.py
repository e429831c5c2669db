"""Rows are columns of one length that tell nothing until they are filled."""

from __future__ import annotations

import math

from telemetryd.live.rows import Ends, Patch, Rows
from telemetryd.model.events import NO_STATE


def test_new_rows_tell_when_and_of_which_operation_and_nothing_else() -> None:
    """Whole columns have one length, sparse ones are empty."""
    rows = Rows.at([1.0, 2.0, 3.0], ["a", None, "b"])
    assert len(rows) == 3
    assert rows.operation_id == ["a", None, "b"]
    whole = (rows.event, rows.series, rows.status, rows.previous, rows.latency, rows.before, rows.link)
    assert {len(column) for column in whole} == {3}
    assert set(rows.previous) == set(rows.status) == {NO_STATE}
    assert all(math.isnan(value) for value in rows.latency)
    assert not (rows.retry_count or rows.size or rows.error_type or rows.patches or len(rows.ended))


def test_a_patch_leaves_alone_what_it_does_not_name() -> None:
    """None is no change."""
    assert Patch(7, latency=1.5) == (7, None, None, 1.5)


def test_rows_that_end_operations_tell_when_what_how_and_how_long() -> None:
    """As columns, beside ends that are told again."""
    rows = Rows.at([1.0, 2.0], ["a", "b"])
    rows.series, rows.status, rows.latency[1] = [4, 5], bytearray(b"\0\3"), 0.5
    rows.ended.add(9.0, 1, 4, 2.0, -1)
    rows.end([1])
    assert rows.ended == Ends([9.0, 2.0], [1, 5], [4, 3], [2.0, 0.5], [-1, 1])
