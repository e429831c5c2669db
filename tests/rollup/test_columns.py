"""Columns are taken together, and dictionaries become one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from telemetryd.rollup.columns import Array, EventColumns, concat_codes


def columns(rows: int, *, ids: bool = True) -> EventColumns:
    numbers = np.arange(rows)
    return EventColumns(
        timestamp=numbers * 1_000_000,
        event=np.zeros(rows, np.uint8),
        operation_type=np.ones(rows, np.uint16),
        backend=np.ones(rows, np.uint16),
        status=numbers.astype(np.uint8),
        previous=np.full(rows, 255, np.uint8),
        latency=numbers / 2,
        retry_count=np.full(rows, -1, np.int32),
        size=np.full(rows, -1, np.int64),
        error_type=np.zeros(rows, np.uint16),
        producer=np.zeros(rows, np.uint16),
        sequence=numbers + 100,
        operation_id=pa.array([f"id-{number}" for number in range(rows)]) if ids else None,
        operation_types=("", "add"),
        backends=("", "ipfs"),
        error_types=("",),
        producers=("",),
    )


def test_the_length_is_the_number_of_rows() -> None:
    """Also of none."""
    assert len(columns(3)) == 3
    assert len(columns(0)) == 0


@pytest.mark.parametrize(
    "choice",
    [np.array([False, True, False, True]), np.array([1, 3]), np.array([3, 1]), np.array([], np.int64)],
    ids=["mask", "indices", "another order", "none"],
)
def test_taking_rows_takes_them_from_every_column(choice: Array) -> None:
    """By a mask, or by indices in the order that is wanted."""
    wanted = np.flatnonzero(choice) if choice.dtype == np.bool_ else choice
    taken = columns(4).take(choice)
    assert taken.sequence.tolist() == [100 + each for each in wanted]
    assert taken.latency.tolist() == [each / 2 for each in wanted]
    assert taken.operation_id is not None
    assert taken.operation_id.to_pylist() == [f"id-{each}" for each in wanted]
    assert taken.operation_types == ("", "add")


def test_taking_rows_leaves_absent_ids_absent() -> None:
    """Ids are read only where they are wanted."""
    assert columns(4, ids=False).take(np.array([0])).operation_id is None


def test_several_dictionaries_become_one() -> None:
    """Each code of each is mapped to the place of its name."""
    names, maps = concat_codes([("", "add"), ("", "get", "add"), ()])
    assert names == ("", "add", "get")
    assert [each.tolist() for each in maps] == [[0, 1], [0, 2, 1], []]
