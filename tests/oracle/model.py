"""The eight metrics of a history, as ``GET /metrics`` must answer them.

A metric is written as a function from a cell's facts to one sample, or to None where the cell has
none. An aggregation is one cell that is the whole range, whose ``value`` is made of the samples of
the intervals; on latency it is made of the operations themselves.

What the contract leaves open is decided thus: ``by_status`` names all five statuses, or the
filtered one; an operation whose latency nobody knows has ended all the same; a queue is known, and
0 before its first operation, in every interval from the series' first one on, until now or the
newest event, whichever is later; a gauge's value for an aggregation is its mean, for ``minimum``
its ``min``, for ``maximum`` its ``max``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .grid import Cell, cells, default_interval, range_of
from .history import IN_FLIGHT, STATUSES, TERMINAL, End, Entry, Event, Series, history_of
from .statistics import aggregated, over_time, quantile

Sample = dict[str, Any]
# By (type, backend), or by backend for health.
Samples = dict[Series | str, list[Sample]]
Fact = TypeVar("Fact", Entry, End)

METRIC_TYPES = (
    "operation_count",
    "operation_latency",
    "success_rate",
    "error_rate",
    "backend_health",
    "throughput",
    "queue_size",
    "retry_count",
)
GAUGES = ("queue_size", "backend_health")
RATES = ("success_rate", "error_rate", "throughput")


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters of ``GET /metrics``; None where one is not given."""

    metric_type: str | None = None
    operation_type: str | None = None
    backend: str | None = None
    status: str | None = None
    start_time: float | None = None
    end_time: float | None = None
    aggregation: str | None = None
    interval: int | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the query parameters that are given."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value is not None}


class Model:
    """Answers requests about events, given in their order of arrival."""

    def __init__(self, events: Sequence[Event], sampling_interval: int = 60) -> None:
        self.history = history_of(events)
        self.sampling_interval = sampling_interval

    def answer(self, request: Request, now: float) -> dict[str, Any]:
        """Return ``metrics``, ``start_time``, ``end_time`` and ``interval`` of the answer at the time ``now``.

        Series without samples and metrics without series are left out.
        """
        start, end = range_of(request.start_time, request.end_time, now, self.sampling_interval)
        interval = request.interval or default_interval(start, end, self.sampling_interval)
        answer = Answer(self, request, max(now, self.history.newest))
        metrics: dict[str, Any] = {}
        for metric in (request.metric_type,) if request.metric_type else METRIC_TYPES:
            samples = answer.samples(metric, start, end, interval)
            for key, each in samples.items():
                if metric == "backend_health":
                    metrics.setdefault(metric, {})[key] = each
                else:
                    metrics.setdefault(metric, {}).setdefault(key[0], {})[key[1]] = each
        return {"metrics": metrics, "start_time": start, "end_time": end, "interval": interval}


class Answer:
    """One request being answered; ``horizon`` is until when values are known (Unix s)."""

    def __init__(self, model: Model, request: Request, horizon: float) -> None:
        self.history = model.history
        self.request = request
        self.horizon = horizon

    def samples(self, metric: str, start: int, end: int, interval: int) -> Samples:
        """Return the samples of one metric by series, oldest first."""
        make, aggregation = MAKERS[metric], self.request.aggregation
        split = make(self, cells(start, end, interval))
        if aggregation is None:
            return split
        seconds = end - start
        statistics = make(self, [Cell(start, start, end)])
        for key, (sample,) in statistics.items():
            if metric == "operation_latency":
                sample["value"] = _of_latencies(sample, aggregation, seconds)
            elif not (metric in RATES and aggregation == "average"):
                values = [each[_value_name(metric, aggregation)] for each in split[key]]
                sample["value"] = aggregated(values, aggregation, seconds)
        return statistics

    def wanted(self, series: Series) -> bool:
        """Whether the filters let a series pass."""
        operation_type, backend = self.request.operation_type, self.request.backend
        return operation_type in (None, series[0]) and backend in (None, series[1])

    def grouped(self, facts: Iterable[Fact], grid: list[Cell]) -> dict[Series, dict[Cell, list[Fact]]]:
        """Return the facts of wanted series by series and by the cell they fall into."""
        starts = [cell.start for cell in grid]
        groups: dict[Series, dict[Cell, list[Fact]]] = {}
        for fact in facts:
            if self.wanted(fact.series) and grid and grid[0].start <= fact.time < grid[-1].end:
                cell = grid[bisect_right(starts, fact.time) - 1]
                groups.setdefault(fact.series, {}).setdefault(cell, []).append(fact)
        return {series: dict(sorted(found.items())) for series, found in groups.items()}


def _operation_count(answer: Answer, grid: list[Cell]) -> Samples:
    status = answer.request.status
    names = (status,) if status else STATUSES
    entries = [entry for entry in answer.history.entries if entry.status in names]
    samples: Samples = {}
    for series, found in answer.grouped(entries, grid).items():
        for cell, facts in found.items():
            counted = Counter(entry.status for entry in facts)
            by_status = {name: counted[name] for name in names}
            sample = {"timestamp": cell.timestamp, "count": counted[status or "pending"], "by_status": by_status}
            samples.setdefault(series, []).append(sample)
    return samples


def _retry_count(answer: Answer, grid: list[Cell]) -> Samples:
    retries = [entry for entry in answer.history.entries if entry.status == "retrying"]
    groups = answer.grouped(retries, grid)
    return {
        series: [{"timestamp": cell.timestamp, "count": len(facts)} for cell, facts in found.items()]
        for series, found in groups.items()
    }


def _ends(answer: Answer, grid: list[Cell], *, filtered: bool) -> dict[Series, dict[Cell, list[End]]]:
    status = answer.request.status if filtered else None
    return answer.grouped([end for end in answer.history.ends if status in (None, end.status)], grid)


def _operation_latency(answer: Answer, grid: list[Cell]) -> Samples:
    samples: Samples = {}
    for series, found in _ends(answer, grid, filtered=True).items():
        for cell, ends in found.items():
            latencies = [end.latency for end in ends if end.latency is not None]
            if latencies:
                samples.setdefault(series, []).append({"timestamp": cell.timestamp, **_latency_statistics(latencies)})
    return samples


def _latency_statistics(latencies: list[float]) -> Sample:
    total = math.fsum(latencies)
    return {
        "count": len(latencies),
        "sum": total,
        "mean": total / len(latencies),
        "median": quantile(latencies, 0.5),
        "min": min(latencies),
        "max": max(latencies),
        "percentile_95": quantile(latencies, 0.95),
        "percentile_99": quantile(latencies, 0.99),
    }


def _share(status: str) -> Maker:
    def make(answer: Answer, grid: list[Cell]) -> Samples:
        def sample(cell: Cell, ends: list[End]) -> Sample:
            share = sum(end.status == status for end in ends) / len(ends)
            return {"timestamp": cell.timestamp, "value": share, "count": len(ends)}

        groups = _ends(answer, grid, filtered=False)
        return {series: [sample(*each) for each in found.items()] for series, found in groups.items()}

    return make


def _throughput(answer: Answer, grid: list[Cell]) -> Samples:
    def sample(cell: Cell, ends: list[End]) -> Sample:
        return {"timestamp": cell.timestamp, "value": len(ends) * 60 / (cell.end - cell.start), "count": len(ends)}

    groups = _ends(answer, grid, filtered=True)
    return {series: [sample(*each) for each in found.items()] for series, found in groups.items()}


def _queue_size(answer: Answer, grid: list[Cell]) -> Samples:
    status = answer.request.status
    if status in TERMINAL:
        return {}
    counted = (status,) if status else IN_FLIGHT
    samples: Samples = {}
    for series, first_seen in answer.history.first_seen.items():
        if not answer.wanted(series):
            continue
        number = 0
        levels: list[tuple[float, float | None]] = []
        for move in answer.history.moves[series]:
            number += (move.entered in counted) - (move.left in counted)
            levels.append((move.time, number))
        known = [cell for cell in grid if first_seen < cell.end]
        found = _over_cells(levels, 0, known, answer.horizon)
        if found:
            samples[series] = found
    return samples


def _backend_health(answer: Answer, grid: list[Cell]) -> Samples:
    samples: Samples = {}
    for backend, levels in answer.history.health.items():
        found = _over_cells(levels, None, grid, answer.horizon) if answer.request.backend in (None, backend) else []
        if found:
            samples[backend] = found
    return samples


def _over_cells(
    levels: Sequence[tuple[float, float | None]], before: float | None, grid: list[Cell], horizon: float
) -> list[Sample]:
    statistics = [(cell, over_time(levels, before, cell, horizon)) for cell in grid if cell.start < horizon]
    return [{"timestamp": cell.timestamp, **found} for cell, found in statistics if found is not None]


def _value_name(metric: str, aggregation: str) -> str:
    """Return the statistic of an interval sample that an aggregation reduces."""
    if metric in GAUGES:
        return {"minimum": "min", "maximum": "max"}.get(aggregation, "mean")
    return "value" if metric in RATES else "count"


def _of_latencies(sample: Sample, aggregation: str, seconds: int) -> float:
    if aggregation == "rate":
        return float(sample["count"] / seconds)
    names = {"average": "mean", "minimum": "min", "maximum": "max"}
    return float(sample[names.get(aggregation, aggregation)])


# How a metric makes its samples from the cells of a range.
Maker = Callable[[Answer, list[Cell]], Samples]

MAKERS: dict[str, Maker] = {
    "operation_count": _operation_count,
    "operation_latency": _operation_latency,
    "success_rate": _share("completed"),
    "error_rate": _share("failed"),
    "backend_health": _backend_health,
    "throughput": _throughput,
    "queue_size": _queue_size,
    "retry_count": _retry_count,
}
