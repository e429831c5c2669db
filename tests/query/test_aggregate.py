"""One sample a series over the whole range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.metrics import AGGREGATIONS
from telemetryd.query.aggregate import aggregate
from telemetryd.query.definitions import DEFINITIONS
from telemetryd.query.result import MetricTable
from tests.oracle.statistics import aggregated

SECONDS = 600
values = st.lists(st.lists(st.floats(0, 1e6), min_size=1, max_size=10), min_size=1, max_size=4)


def table(several: list[list[float]], *names: str) -> MetricTable:
    """Return a series for each list, whose statistics are its values, times 10 for each name after the first."""
    series = np.repeat(np.arange(len(several)), [len(each) for each in several]).astype(np.int32)
    column = np.array([value for each in several for value in each])
    statistics = {name: column * 10**power for power, name in enumerate(names)}
    return MetricTable(tuple("abcd"), series, np.zeros(len(column), np.int64), statistics)


def value(metric: str, aggregation: str, samples: MetricTable, whole: MetricTable) -> list[float]:
    found = aggregate(DEFINITIONS[metric], aggregation, samples, whole, SECONDS)
    assert set(found.statistics) == {*whole.statistics, "value"}
    return [float(each) for each in found.statistics["value"]]


@given(values, st.sampled_from(AGGREGATIONS))
def test_samples_are_reduced_series_by_series(several: list[list[float]], aggregation: str) -> None:
    """Each series' counts give what plain Python makes of them."""
    whole = table([[0.0]] * len(several), "count")
    found = value("retry_count", aggregation, table(several, "count"), whole)
    assert found == pytest.approx([aggregated(each, aggregation, SECONDS) for each in several])


@pytest.mark.parametrize("metric", ["queue_size", "backend_health"])
def test_gauges_are_reduced_by_their_means_and_by_their_extremes(metric: str) -> None:
    """`minimum` is of minima, `maximum` of maxima, everything else of means."""
    samples = table([[3.0, 1.0, 2.0]], "mean", "min", "max")
    whole = table([[2.0]], "mean", "min", "max")
    assert [value(metric, name, samples, whole) for name in ("minimum", "maximum", "sum", "average")] == [
        [10.0],
        [300.0],
        [6.0],
        [2.0],
    ]


@pytest.mark.parametrize("metric", ["success_rate", "error_rate", "throughput"])
def test_the_average_of_a_rate_is_that_of_the_range(metric: str) -> None:
    """Few operations weigh less than many: the mean of samples would lie."""
    samples = table([[1.0, 0.0]], "value", "count")
    whole = MetricTable(("a",), np.zeros(1, np.int32), np.zeros(1, np.int64), {"value": np.array([0.9])})
    assert value(metric, "average", samples, whole) == [0.9]
    assert value(metric, "maximum", samples, whole) == [1.0]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("count", 1.0),
        ("sum", 10.0),
        ("average", 100.0),
        ("minimum", 1e3),
        ("maximum", 1e4),
        ("percentile_95", 1e5),
        ("percentile_99", 1e6),
        ("rate", 1 / SECONDS),
    ],
)
def test_latencies_are_aggregated_by_operations(aggregation: str, expected: float) -> None:
    """The statistics of the whole range hold it already, percentiles from its histogram among them."""
    whole = table([[1.0]], "count", "sum", "mean", "min", "max", "percentile_95", "percentile_99")
    assert value("operation_latency", aggregation, table([[7.0]], "mean"), whole) == pytest.approx([expected])


def test_series_are_found_by_key() -> None:
    """The samples may know more series than the whole has, under other codes."""
    samples = MetricTable(("a", "b", "c"), np.array([1, 2, 2]), np.zeros(3, np.int64), {"count": np.array([1, 2, 3])})
    whole = MetricTable(("c", "b"), np.array([0, 1]), np.zeros(2, np.int64), {"count": np.array([5, 1])})
    assert value("retry_count", "sum", samples, whole) == [5.0, 1.0]
