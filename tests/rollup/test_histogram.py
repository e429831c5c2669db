"""Histograms of latencies, beside exact quantiles and a sketch that is not ours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.rollup.columns import Array
from telemetryd.rollup.histogram import BASE, ZERO, bucket_of, bucket_of_value, quantiles, representative

ERROR = 0.011
QUANTILES = (0.0, 0.25, 0.5, 0.95, 0.99, 1.0)
latencies = st.lists(st.floats(1e-6, 1e6) | st.integers(1, 5).map(float), min_size=1, max_size=200)


def histogram_of(several: list[list[float]]) -> tuple[Array, ...]:
    """Return the arguments of :func:`quantiles` for some lists of values."""
    counted = [np.unique(bucket_of(np.array(values)), return_counts=True) for values in several]
    offset = np.concatenate([[0], np.cumsum([len(bucket) for bucket, _ in counted])])
    bucket, count = (np.concatenate([each[i] for each in counted]) for i in (0, 1))
    minimum = np.array([min(values, default=math.inf) for values in several])
    maximum = np.array([max(values, default=-math.inf) for values in several])
    return offset, bucket, count, minimum, maximum, np.array([len(values) for values in several])


@given(st.floats(1e-300, 1e300))
def test_a_bucket_holds_what_lies_between_its_bounds(value: float) -> None:
    """Bucket i holds the values above base^(i-1) up to base^i, and stands for them to 1.08 %."""
    (bucket,) = bucket_of(np.array([value])).tolist()
    assert bucket == bucket_of_value(value)
    exponent = math.log2(value) * 32
    assert bucket - 1 - 1e-6 <= exponent <= bucket + 1e-6
    assert representative(np.array([bucket]))[0] == pytest.approx(value, rel=(BASE - 1) / (BASE + 1) + 1e-6)


def test_zero_and_less_have_their_own_bucket() -> None:
    """Clocks that step back give no latency below zero: it stands for 0."""
    assert bucket_of(np.array([0.0, -1.0])).tolist() == [ZERO, ZERO] == [bucket_of_value(0.0), bucket_of_value(-1.0)]
    assert representative(np.array([ZERO], np.int32)).tolist() == [0.0]


@given(latencies)
def test_quantiles_are_within_the_promised_error(values: list[float]) -> None:
    """Every quantile is within 1.1 % of the exact one, interpolated as numpy does; the ends are exact."""
    for q in QUANTILES:
        (found,) = quantiles(*histogram_of([values]), q).tolist()
        assert found == pytest.approx(float(np.quantile(values, q)), rel=ERROR)
    assert quantiles(*histogram_of([values]), 0.0)[0] == min(values)
    assert quantiles(*histogram_of([values]), 1.0)[0] == max(values)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_quantiles_agree_with_another_sketch(q: float) -> None:
    """On 20,000 latencies of a WAL, DDSketch at 1.1 % says the same to the errors of both."""
    values = np.random.default_rng(1).lognormal(-1, 1.5, 20_000)
    sketch = DDSketch(ERROR)
    for value in values.tolist():
        sketch.add(value)
    (found,) = quantiles(*histogram_of([values.tolist()]), q)
    assert found == pytest.approx(sketch.get_quantile_value(q), rel=2 * ERROR)


@given(st.lists(latencies | st.just([]), min_size=1, max_size=5))
def test_many_histograms_are_read_at_once(several: list[list[float]]) -> None:
    """Each histogram gives what it gives alone; an empty one has no quantile."""
    found = quantiles(*histogram_of(several), 0.95).tolist()
    for values, quantile in zip(several, found, strict=True):
        if values:
            assert quantile == quantiles(*histogram_of([values]), 0.95)[0]
        else:
            assert math.isnan(quantile)
