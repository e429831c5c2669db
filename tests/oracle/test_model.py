"""The oracle's own numbers, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from . import events
from .model import Model, Request

MIDNIGHT = 1_700_006_400  # 2023-11-15 00:00:00 UTC: the start of a minute, an hour and a day
RANGE = {"start_time": MIDNIGHT, "end_time": MIDNIGHT + 3600}
LATER = MIDNIGHT + 7200.0


def start(operation_id: str, at: float) -> dict[str, Any]:
    """An operation starts ``at`` seconds after midnight."""
    return events.start(operation_id, MIDNIGHT + at)


def change(operation_id: str, status: str, at: float, **more: Any) -> dict[str, Any]:
    """An operation changes its status ``at`` seconds after midnight."""
    return events.change(operation_id, status, MIDNIGHT + at, **more)


def health(backend: str, new_status: str, at: float) -> dict[str, Any]:
    """A backend's health changes ``at`` seconds after midnight."""
    return events.health(backend, new_status, MIDNIGHT + at)


def ask(history: list[dict[str, Any]], metric_type: str, now: float = LATER, **more: Any) -> Any:
    """Return what one metric of a history holds, by operation type and backend."""
    answer = Model(history).answer(Request(metric_type=metric_type, **{**RANGE, **more}), now)
    return answer["metrics"].get(metric_type, {})


LIFE = [
    start("a", 10),
    change("a", "processing", 20),
    change("a", "retrying", 30),
    change("a", "processing", 50),
    change("a", "completed", 70),
]


def test_entries_are_counted_in_the_minute_they_happen() -> None:
    """Each entry into a status counts once, where it happened; ``count`` is of entries into pending."""
    first, second = ask(LIFE, "operation_count")["add"]["ipfs"]
    nothing = {"pending": 0, "processing": 0, "retrying": 0, "completed": 0, "failed": 0}
    by_status = {**nothing, "pending": 1, "processing": 2, "retrying": 1}
    assert first == {"timestamp": MIDNIGHT, "count": 1, "by_status": by_status}
    assert second == {"timestamp": MIDNIGHT + 60, "count": 0, "by_status": {**nothing, "completed": 1}}


def test_a_status_filter_picks_entries() -> None:
    """With a status, only entries into it are counted, and only they make a sample."""
    samples = ask(LIFE, "operation_count", status="processing")["add"]["ipfs"]
    assert samples == [{"timestamp": MIDNIGHT, "count": 2, "by_status": {"processing": 2}}]


def test_a_repeat_counts_nothing() -> None:
    """A second start and a status that the operation is already in count for nothing."""
    repeated = [start("a", 0), start("a", 1), change("a", "processing", 2), change("a", "processing", 3), start("a", 4)]
    (sample,) = ask(repeated, "operation_count")["add"]["ipfs"]
    assert (sample["by_status"]["pending"], sample["by_status"]["processing"]) == (1, 1)


def test_the_same_event_object_sent_twice_counts_once() -> None:
    """A repeat is told by its place in the order of arrival, not by what it holds."""
    (sample,) = ask([LIFE[0], LIFE[0], LIFE[-1], LIFE[-1]], "operation_count", interval=3600)["add"]["ipfs"]
    assert (sample["by_status"]["pending"], sample["by_status"]["completed"]) == (1, 1)


def test_the_first_end_stays() -> None:
    """After the first terminal status, another one and any other status count for nothing."""
    history = [start("a", 0), change("a", "failed", 5), change("a", "completed", 6), change("a", "processing", 7)]
    assert ask(history, "error_rate")["add"]["ipfs"] == [{"timestamp": MIDNIGHT, "value": 1.0, "count": 1}]
    assert ask(history, "success_rate")["add"]["ipfs"] == [{"timestamp": MIDNIGHT, "value": 0.0, "count": 1}]
    assert ask(history, "operation_count", status="processing") == {}


def test_events_are_put_in_the_order_of_their_timestamps() -> None:
    """A start that arrives after its end still gives the true latency and the true type."""
    (sample,) = ask([LIFE[4], LIFE[1], LIFE[0], LIFE[3], LIFE[2]], "operation_latency")["add"]["ipfs"]
    assert (sample["timestamp"], sample["count"], sample["sum"]) == (MIDNIGHT + 60, 1, 60.0)


def test_ties_keep_the_order_of_arrival() -> None:
    """Of two events of one instant, the first that came was first."""
    history = [start("a", 5), change("a", "processing", 5), change("a", "completed", 5), change("a", "failed", 5)]
    assert ask(history, "success_rate")["add"]["ipfs"] == [{"timestamp": MIDNIGHT, "value": 1.0, "count": 1}]
    assert ask(history, "operation_latency")["add"]["ipfs"][0]["sum"] == 0.0


def test_latency_statistics() -> None:
    """Four latencies of 1, 2, 3 and 10 s: the percentiles lie linearly between order statistics."""
    latencies = {"a": 3.0, "b": 1.0, "c": 10.0, "d": 2.0}
    history = [event for name, s in latencies.items() for event in (start(name, 5), change(name, "completed", 5 + s))]
    (sample,) = ask(history, "operation_latency")["add"]["ipfs"]
    assert sample == {
        "timestamp": MIDNIGHT,
        "count": 4,
        "sum": 16.0,
        "mean": 4.0,
        "median": 2.5,
        "min": 1.0,
        "max": 10.0,
        "percentile_95": pytest.approx(3 + 7 * 0.85),
        "percentile_99": pytest.approx(3 + 7 * 0.97),
    }


def test_the_status_filter_picks_ended_operations() -> None:
    """Latency and throughput are of operations that ended so; of a status in flight there are none."""
    history = [start("a", 0), change("a", "failed", 4), start("b", 0), change("b", "completed", 6)]
    assert ask(history, "operation_latency", status="failed")["add"]["ipfs"][0]["sum"] == 4.0
    assert ask(history, "throughput", status="completed")["add"]["ipfs"][0]["count"] == 1
    assert ask(history, "operation_latency", status="processing") == {}
    assert ask(history, "success_rate", status="failed")["add"]["ipfs"][0] == {
        "timestamp": MIDNIGHT,
        "value": 0.5,
        "count": 2,
    }


def test_an_orphan_has_no_series_and_no_place_in_the_queue() -> None:
    """A status without a start counts under unknown; it ends, but its latency is only what it tells."""
    orphan = [change("x", "processing", 3), change("x", "completed", 4)]
    (sample,) = ask(orphan, "operation_count")["unknown"]["unknown"]
    assert (sample["by_status"]["processing"], sample["by_status"]["completed"]) == (1, 1)
    assert ask(orphan, "operation_latency") == {}
    assert ask(orphan, "queue_size") == {}
    assert ask(orphan, "success_rate")["unknown"]["unknown"][0]["count"] == 1
    told = [change("x", "completed", 4, latency=2.5)]
    assert ask(told, "operation_latency")["unknown"]["unknown"][0]["sum"] == 2.5


def test_an_orphan_that_names_its_series_has_one() -> None:
    """A status that carries type and backend places the operation where it belongs."""
    told = [change("x", "processing", 30, operation_type="pin", backend="s3"), change("x", "completed", 60)]
    samples = ask(told, "queue_size", end_time=MIDNIGHT + 120)["pin"]["s3"]
    assert samples == [
        {"timestamp": MIDNIGHT, "mean": 0.5, "min": 0, "max": 1, "last": 1},
        {"timestamp": MIDNIGHT + 60, "mean": 0.0, "min": 0, "max": 0, "last": 0},
    ]


def test_the_queue_is_weighted_by_time() -> None:
    """Two operations, in flight for 60 s and 30 s of two minutes."""
    history = [start("a", 10), start("b", 40), change("a", "completed", 70), change("b", "failed", 70)]
    first, second, third = ask(history, "queue_size", end_time=MIDNIGHT + 180)["add"]["ipfs"]
    assert first == {"timestamp": MIDNIGHT, "mean": pytest.approx((50 + 20) / 60), "min": 0, "max": 2, "last": 2}
    assert second == {"timestamp": MIDNIGHT + 60, "mean": pytest.approx(20 / 60), "min": 0, "max": 2, "last": 0}
    assert third == {"timestamp": MIDNIGHT + 120, "mean": 0.0, "min": 0, "max": 0, "last": 0}


def test_the_queue_of_one_state() -> None:
    """With a status, the queue is of operations in that state; of a terminal status there is none."""
    (sample,) = ask(LIFE, "queue_size", status="processing", end_time=MIDNIGHT + 60)["add"]["ipfs"]
    assert sample == {"timestamp": MIDNIGHT, "mean": pytest.approx((10 + 10) / 60), "min": 0, "max": 1, "last": 1}
    assert ask(LIFE, "queue_size", status="completed") == {}


def test_the_queue_carries_into_a_range_that_begins_later() -> None:
    """Who came before the range and has not ended is in flight at its start."""
    (sample,) = ask([start("a", 10)], "queue_size", start_time=MIDNIGHT + 600, end_time=MIDNIGHT + 660)["add"]["ipfs"]
    assert sample == {"timestamp": MIDNIGHT + 600, "mean": 1.0, "min": 1, "max": 1, "last": 1}


def test_gauges_end_now() -> None:
    """An interval that is under way is weighted over the part that has passed; none lies in the future."""
    samples = ask([start("a", 30)], "queue_size", now=MIDNIGHT + 60.0)["add"]["ipfs"]
    assert samples == [{"timestamp": MIDNIGHT, "mean": 0.5, "min": 0, "max": 1, "last": 1}]
    samples = ask([start("a", 30)], "queue_size", now=MIDNIGHT + 40.0)["add"]["ipfs"]
    assert samples == [{"timestamp": MIDNIGHT, "mean": 0.25, "min": 0, "max": 1, "last": 1}]


def test_health_is_weighted_over_the_time_it_is_known() -> None:
    """Unknown leaves a gap, both before the first change and after a change to unknown."""
    history = [
        health("s3", "online", 30),
        health("s3", "offline", 40),
        health("s3", "unknown", 50),
        health("s3", "degraded", 180),
    ]
    first, fourth = ask(history, "backend_health", end_time=MIDNIGHT + 240)["s3"]
    assert first == {"timestamp": MIDNIGHT, "mean": 0.5, "min": 0.0, "max": 1.0, "last": None}
    assert fourth == {"timestamp": MIDNIGHT + 180, "mean": 0.5, "min": 0.5, "max": 0.5, "last": 0.5}


def test_health_knows_only_the_backend_filter() -> None:
    """The operation type and the status do not concern a backend's health."""
    history = [health("s3", "online", 0), health("ipfs", "online", 0)]
    found = ask(history, "backend_health", backend="s3", operation_type="add", status="failed", end_time=MIDNIGHT + 60)
    assert list(found) == ["s3"]


def test_throughput_is_scaled_by_what_the_range_covers_of_the_interval() -> None:
    """Two ends in the second half of an hour, asked for with half an hour of it."""
    history = [start("a", 0), change("a", "completed", 2000), start("b", 0), change("b", "failed", 3599)]
    (sample,) = ask(history, "throughput", start_time=MIDNIGHT + 1800, interval=3600)["add"]["ipfs"]
    assert sample == {"timestamp": MIDNIGHT, "value": pytest.approx(2 / 30), "count": 2}


def test_an_interval_is_half_open() -> None:
    """What happens at a boundary belongs to the interval that starts there."""
    samples = ask([start("a", 60), start("b", 59.984375)], "operation_count")["add"]["ipfs"]
    assert [(sample["timestamp"], sample["count"]) for sample in samples] == [(MIDNIGHT, 1), (MIDNIGHT + 60, 1)]


SEVERAL = [
    *(event for i in range(3) for event in (start(f"a{i}", 10), change(f"a{i}", "completed", 20))),
    *(event for i in range(1) for event in (start(f"b{i}", 130), change(f"b{i}", "failed", 140))),
]


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [
        ("sum", 4),
        ("average", 2),
        ("minimum", 1),
        ("maximum", 3),
        ("percentile_95", 2.9),
        ("percentile_99", 2.98),
        ("count", 2),
        ("rate", 2 / 3600),
    ],
)
def test_an_aggregation_reduces_the_samples_of_the_intervals(aggregation: str, value: float) -> None:
    """Three starts in one minute and one in another: the aggregate is of 3 and 1, the statistics of all four."""
    (sample,) = ask(SEVERAL, "operation_count", aggregation=aggregation)["add"]["ipfs"]
    assert (sample["timestamp"], sample["count"], sample["by_status"]["failed"]) == (MIDNIGHT, 4, 1)
    assert sample["value"] == pytest.approx(value)


@pytest.mark.parametrize(("metric", "value"), [("success_rate", 0.75), ("error_rate", 0.25), ("throughput", 4 / 60)])
def test_the_average_of_a_rate_is_the_rate_of_the_whole_range(metric: str, value: float) -> None:
    """Not the mean of 1 and 0, but three of four; not the mean of minutes, but four in an hour."""
    assert ask(SEVERAL, metric, aggregation="average")["add"]["ipfs"][0]["value"] == pytest.approx(value)


def test_other_aggregations_of_a_rate_are_of_its_samples() -> None:
    """The success rates of the two minutes are 1 and 0."""
    (sample,) = ask(SEVERAL, "success_rate", aggregation="maximum")["add"]["ipfs"]
    assert sample == {"timestamp": MIDNIGHT, "value": 1.0, "count": 4}


@pytest.mark.parametrize(
    ("aggregation", "value"), [("sum", 40.0), ("average", 10.0), ("maximum", 10.0), ("count", 4), ("rate", 4 / 3600)]
)
def test_aggregations_of_latency_are_of_the_operations(aggregation: str, value: float) -> None:
    """All four took 10 s; the rate is operations per second of the range."""
    (sample,) = ask(SEVERAL, "operation_latency", aggregation=aggregation)["add"]["ipfs"]
    assert sample["value"] == pytest.approx(value)


def test_aggregations_of_a_gauge_are_of_its_means_minima_and_maxima() -> None:
    """A queue of 3 for 10 s of one minute and of 1 for 10 s of another."""
    found = {
        name: ask(SEVERAL, "queue_size", aggregation=name)["add"]["ipfs"][0] for name in ("maximum", "minimum", "sum")
    }
    assert found["maximum"] == {
        "timestamp": MIDNIGHT,
        "mean": pytest.approx(40 / 3600),
        "min": 0,
        "max": 3,
        "last": 0,
        "value": 3,
    }
    assert found["minimum"]["value"] == 0
    assert found["sum"]["value"] == pytest.approx(0.5 + 1 / 6)
