"""Samples as JSON text."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.api.sample_text import CHUNK, Texts
from telemetryd.model.series import SeriesKey
from telemetryd.query.result import MetricTable

KEY = SeriesKey("add", "ipfs")


def table(**statistics: list[float] | np.ndarray) -> MetricTable:
    columns = {name: np.asarray(values) for name, values in statistics.items()}
    length = len(next(iter(columns.values())))
    return MetricTable((KEY,), np.zeros(length, np.int32), np.arange(length, dtype=np.int64) * 60, columns)


def read(texts: Texts, low: int, high: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(b"[" + b"".join(texts.between(low, high)) + b"]")
    return found


@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_numbers_come_back_as_they_were(values: list[float]) -> None:
    """To the last digit; what is not a number, or not finite, is null."""
    found = [each["value"] for each in read(Texts(table(value=values)), 0, len(values))]
    assert found == [value if np.isfinite(value) else None for value in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_whole_numbers_stay_whole(values: list[int]) -> None:
    """Without a point."""
    found = read(Texts(table(count=np.array(values, np.int64))), 0, len(values))
    assert [each["count"] for each in found] == values
    assert all(isinstance(each["count"], int) for each in found)


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_pieces_are_cut_anywhere(length: int) -> None:
    """Series by series, whatever pieces the text is made in; nothing of nothing."""
    texts = Texts(table(count=np.arange(length)))
    cuts = sorted({0, 1, length // 3, length // 2, length})
    found = [each["count"] for low, high in pairwise(cuts) for each in read(texts, low, high)]
    assert found == list(range(length))
    assert list(texts.between(length, length)) == []


def test_statuses_are_nested_but_in_flat_objects() -> None:
    """These begin with what they are told to begin with."""
    counts = table(count=np.array([3]), pending=np.array([3]), failed=np.array([1]))
    assert read(Texts(counts), 0, 1) == [{"timestamp": 0, "count": 3, "by_status": {"pending": 3, "failed": 1}}]
    flat = {"backend": 'a "b"', "timestamp": 0, "count": 3, "pending": 3, "failed": 1}
    assert read(Texts(counts, ['"backend":"a \\"b\\"",']), 0, 1) == [flat]
