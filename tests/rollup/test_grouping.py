"""Grouping by several keys, beside sets and dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.rollup.grouping import distinct, reduce_runs, runs

small = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(10**9, 10**9 + 2)))
far_apart = st.lists(st.tuples(*(st.integers(-(2**62), 2**62 - 1),) * 3))


@given(small | far_apart)
def test_distinct_tuples_come_in_order_each_once(rows: list[tuple[int, int, int]]) -> None:
    """The distinct keys are the sorted set of tuples, also where their spans are too wide to pack."""
    keys = np.array(rows, np.int64).reshape(-1, 3).T
    found, group = distinct(*keys)
    together = list(zip(*(each.tolist() for each in found), strict=True))
    assert together == sorted(set(rows))
    assert [together[index] for index in group.tolist()] == rows


def test_keys_of_any_width_are_taken() -> None:
    """Bytes and 32-bit codes group like 64-bit ones, without overflow."""
    (large, byte), _ = distinct(np.array([2**31 - 1, -(2**31)], np.int32), np.array([255, 0], np.uint8))
    assert (large.tolist(), byte.tolist()) == ([-(2**31), 2**31 - 1], [0, 255])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-5, 5))))
def test_runs_are_reduced_one_by_one(rows: list[tuple[int, int, int]]) -> None:
    """A run begins where any key changes; each gives one number."""
    first_key, second_key, values = np.array(rows, np.int64).reshape(-1, 3).T
    first = runs(first_key, second_key)
    expected = [at for at, row in enumerate(rows) if at == 0 or row[:2] != rows[at - 1][:2]]
    assert first.tolist() == expected
    sums = [sum(row[2] for row in rows[a:b]) for a, b in zip(expected, [*expected[1:], len(rows)], strict=False)]
    assert reduce_runs(np.add, values, first).tolist() == sums
