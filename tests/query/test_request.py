"""What can be asked, and what is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.errors import InvalidParameter
from telemetryd.model.metrics import AGGREGATIONS, METRIC_TYPES
from telemetryd.model.timerange import DAY, TimeRange
from telemetryd.query.request import LAST_END, LATEST, Filters, MetricsRequest, OperationsRequest
from tests.oracle.grid import range_of

NOW = 1_700_000_000.5


def metrics(**params: str) -> MetricsRequest:
    return MetricsRequest.parse(params, now=NOW, sampling_interval=60)


def operations(**params: str) -> OperationsRequest:
    return OperationsRequest.parse(params, now=NOW)


def test_no_parameters_ask_for_everything_of_the_last_day() -> None:
    """All eight metrics of 24 hours that end now, in 1,440 minutes."""
    request = metrics()
    assert (request.metric_types, request.filters, request.aggregation) == (METRIC_TYPES, Filters(), None)
    assert (request.range.seconds, request.range.end, request.interval) == (DAY, 1_700_000_040, 60)
    recent = operations()
    assert recent == OperationsRequest(Filters(), NOW - DAY, NOW, "recent", 50)


def test_every_parameter_is_taken() -> None:
    """Words, times with fractions, and numbers come as text."""
    request = metrics(
        metric_type="queue_size",
        operation_type="add",
        backend="ipfs",
        status="retrying",
        start_time="90.5",
        end_time="1e3",
        aggregation="percentile_95",
        interval="120",
    )
    filters = Filters("add", "ipfs", "retrying")
    assert request == MetricsRequest(("queue_size",), filters, TimeRange(60, 1020), 120, "percentile_95")
    asked = operations(start_time="5", end_time="7.5", sort="slowest", limit="1000", status="failed")
    assert asked == OperationsRequest(Filters(status="failed"), 5.0, 7.5, "slowest", 1000)


times = st.none() | st.floats(2 * DAY, NOW)


@given(times, times, st.sampled_from((1, 10, 60, 3600)))
def test_ranges_are_widened_to_whole_samples(start: float | None, end: float | None, sampling_interval: int) -> None:
    """One-sided ranges reach until now, or begin a day before their end, as the oracle has it."""
    params = {name: str(value) for name, value in (("start_time", start), ("end_time", end)) if value is not None}
    if start is not None and end is not None and start > end:
        with pytest.raises(InvalidParameter, match="start_time"):
            MetricsRequest.parse(params, now=NOW, sampling_interval=sampling_interval)
        return
    span = MetricsRequest.parse(params, now=NOW, sampling_interval=sampling_interval).range
    assert (span.start, span.end) == range_of(start, end, NOW, sampling_interval)


@pytest.mark.parametrize("word", METRIC_TYPES)
def test_each_metric_can_be_asked_for_alone(word: str) -> None:
    """One name gives one metric."""
    assert metrics(metric_type=word).metric_types == (word,)


@pytest.mark.parametrize("word", AGGREGATIONS)
def test_each_aggregation_can_be_asked_for(word: str) -> None:
    """All eight words are known."""
    assert metrics(aggregation=word).aggregation == word


REFUSED = [
    ("metric_type", "latency"),
    ("metric_type", ""),
    ("operation_type", ""),
    ("operation_type", "x" * 65),
    ("backend", ""),
    ("backend", "x" * 65),
    ("status", "online"),
    ("status", "Pending"),
    ("start_time", "yesterday"),
    ("start_time", ""),
    ("start_time", "nan"),
    ("start_time", "-1"),
    ("start_time", str(NOW + 1)),
    ("end_time", "inf"),
    ("end_time", str(LATEST + 1)),
    ("end_time", "1e400"),
    ("aggregation", "median"),
    ("interval", "0"),
    ("interval", "-60"),
    ("interval", "90"),
    ("interval", "60.0"),
    ("interval", "٦٠"),
    ("interval", "9" * 5000),
    ("interval", str(367 * DAY)),
    ("metric-type", "queue_size"),
    ("limit", "5"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    """The error names the parameter and stays short, however long the value is."""
    with pytest.raises(InvalidParameter, match=f"^{name}: expected .*, found") as raised:
        metrics(**{name: value})
    assert raised.value.name == name
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [("sort", "fastest"), ("limit", "0"), ("limit", "1001"), ("limit", "ten"), ("interval", "60"), ("status", "none")],
)
def test_requests_for_operations_are_refused_by_name(name: str, value: str) -> None:
    """Parameters of metrics are none of operations."""
    with pytest.raises(InvalidParameter, match=f"^{name}: expected"):
        operations(**{name: value})


def test_parameters_that_contradict_one_another_are_refused() -> None:
    """A range that ends before it starts, and failed operations that did not fail."""
    with pytest.raises(InvalidParameter, match=r"^start_time: expected a time at or before end_time"):
        metrics(start_time="200", end_time="100")
    with pytest.raises(InvalidParameter, match=r"^sort: expected one that fits status=completed"):
        operations(sort="failed", status="completed")
    assert operations(sort="failed", status="failed").sort == "failed"


def test_no_range_begins_before_1970() -> None:
    """A day before an end in the first day of Unix time is cut at its beginning."""
    assert metrics(end_time="90").range == TimeRange(0, 120)


@pytest.mark.parametrize("sampling_interval", [1, 60, 3600])
@pytest.mark.parametrize("start", [0, 1_795_520_000, LATEST])
def test_a_range_is_cut_where_dates_end(start: int, sampling_interval: int) -> None:
    """Whatever is derived of its ends has a date: widened ones, and those in the local time of any place."""
    params = {"start_time": str(start), "end_time": str(LATEST)}
    span = MetricsRequest.parse(params, now=NOW, sampling_interval=sampling_interval).range
    assert span.start <= span.end == LAST_END
    assert datetime.fromtimestamp(span.end + 14 * 3600, UTC).year == 9999


def test_a_range_of_one_instant_is_taken() -> None:
    """Start and end may be the same: the sample that holds them, or nothing on a boundary."""
    assert metrics(start_time="90", end_time="90").range == TimeRange(60, 120)
    assert metrics(start_time="60", end_time="60").range.seconds == 0
