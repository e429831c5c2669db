"""Event columns put together, in order, hour by hour."""

from __future__ import annotations

import numpy as np

from telemetryd.rollup.columns import in_order
from telemetryd.storage.rows import between, by_hour, concat_events

from .samples import HOUR, columns_of, in_file_order, rows_of


def test_putting_columns_together_keeps_every_row_and_its_names() -> None:
    """Codes of each are led to the names of all, in the order given."""
    several = [columns_of(20), columns_of(15, first=21), columns_of(0, first=36), columns_of(9, first=36)]
    assert rows_of(concat_events(several)) == [row for each in several for row in rows_of(each)]
    assert concat_events(several[:1]) is several[0]


def test_ids_are_there_only_where_all_have_them() -> None:
    """Columns read without ids give columns without ids."""
    one = columns_of(3)
    without = type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"operation_id": None})
    assert concat_events([one, without]).operation_id is None


def test_order_is_by_timestamp_then_by_sequence() -> None:
    """Rows come out in the order of files, those of one instant as they arrived; ordered ones as they are."""
    columns = columns_of(200)
    ordered = in_order(columns)
    assert rows_of(ordered) == in_file_order(columns)
    assert in_order(ordered) is ordered
    same = columns.take(np.arange(200))
    same.timestamp[:] = 5
    assert in_order(same.take(np.arange(200)[::-1])).sequence.tolist() == columns.sequence.tolist()


def test_each_row_lands_in_the_hour_of_its_timestamp() -> None:
    """Hours come in order, none is empty, and a row at the very start of an hour belongs to it."""
    columns = columns_of(300, hours=5)
    columns.timestamp[0] = (HOUR + 3600) * 1_000_000
    columns.timestamp[1] = (HOUR + 3600) * 1_000_000 - 1
    split = dict(by_hour(columns))
    assert list(split) == [HOUR + 3600 * number for number in range(5)]
    for hour, rows in split.items():
        assert all(hour <= timestamp / 1e6 < hour + 3600 for timestamp in rows.timestamp.tolist())
        assert rows_of(rows) == in_file_order(rows)
    assert sum(len(rows) for rows in split.values()) == 300
    assert 1 in split[HOUR + 3600].sequence
    assert 2 in split[HOUR].sequence
    assert list(by_hour(columns_of(0))) == []


def test_hours_before_1970_are_hours_too() -> None:
    """A clock that is far off makes odd partitions and no errors."""
    columns = columns_of(1)
    columns.timestamp[0] = -1
    assert [hour for hour, _ in by_hour(columns)] == [-3600]


def test_a_stretch_of_rows_is_picked_without_copying() -> None:
    """Rows between two indices share their memory with the whole."""
    columns = columns_of(10)
    picked = between(columns, 3, 6)
    assert rows_of(picked) == rows_of(columns)[3:6]
    assert np.shares_memory(picked.timestamp, columns.timestamp)
