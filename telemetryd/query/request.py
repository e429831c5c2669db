"""What can be asked, and whether a request makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telemetryd.model.errors import InvalidParameter
from telemetryd.model.events import STATUSES
from telemetryd.model.metrics import AGGREGATIONS, METRIC_TYPES
from telemetryd.model.numerals import number_of
from telemetryd.model.timerange import DAY, LATEST, TimeRange

from .grid import default_interval

# Where a range ends at the latest, 9999-12-30: whole hours, and what widens it or tells it in local time still has a date.
LAST_END = 253_402_128_000
LONGEST_WORD = 64
LONGEST_NUMBER = 20
SORTS = ("recent", "slowest", "failed")
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which series and statuses are asked for; None for all."""

    operation_type: str | None = None
    backend: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """Metrics over a range of whole sampling intervals, in cells of ``interval`` seconds."""

    metric_types: tuple[str, ...]
    filters: Filters
    range: TimeRange
    interval: int
    aggregation: str | None

    @classmethod
    def parse(cls, params: Mapping[str, str], *, now: float, sampling_interval: int) -> MetricsRequest:
        """Return the request that some query parameters make; raises :class:`InvalidParameter`."""
        _known(params, ("metric_type", *_FILTERS, "start_time", "end_time", "aggregation", "interval"))
        metric_type = _choice(params, "metric_type", METRIC_TYPES)
        span = _range(params, now, sampling_interval)
        return cls(
            metric_types=METRIC_TYPES if metric_type is None else (metric_type,),
            filters=_filters(params),
            range=span,
            interval=_interval(params, span, sampling_interval),
            aggregation=_choice(params, "aggregation", AGGREGATIONS),
        )


@dataclass(frozen=True, slots=True)
class OperationsRequest:
    """Single operations: ``sort`` is one of ``SORTS``; times in Unix seconds, half open."""

    filters: Filters
    start: float
    end: float
    sort: str
    limit: int

    @classmethod
    def parse(cls, params: Mapping[str, str], *, now: float) -> OperationsRequest:
        """Return the request that some query parameters make; raises :class:`InvalidParameter`."""
        _known(params, (*_FILTERS, "start_time", "end_time", "sort", "limit"))
        start, end = _times(params, now)
        sort, filters = _choice(params, "sort", SORTS) or "recent", _filters(params)
        if sort == "failed" and filters.status not in (None, "failed"):
            raise InvalidParameter("sort", f"one that fits status={filters.status}", sort)
        return cls(filters, start, end, sort, _whole(params, "limit", 1, MAX_LIMIT) or DEFAULT_LIMIT)


_FILTERS = ("operation_type", "backend", "status")


def _known(params: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in params:
        if name not in names:
            raise InvalidParameter(name[:80], f"a known parameter, one of {', '.join(names)}", params[name][:80])


def _filters(params: Mapping[str, str]) -> Filters:
    for name in ("operation_type", "backend"):
        if name in params and not 1 <= len(params[name]) <= LONGEST_WORD:
            raise InvalidParameter(name, f"a word of 1 to {LONGEST_WORD} characters", params[name][:80])
    return Filters(params.get("operation_type"), params.get("backend"), _choice(params, "status", STATUSES))


def _choice(params: Mapping[str, str], name: str, words: tuple[str, ...]) -> str | None:
    value = params.get(name)
    if value is not None and value not in words:
        raise InvalidParameter(name, f"one of {', '.join(words)}", value[:80])
    return value


def _range(params: Mapping[str, str], now: float, sampling_interval: int) -> TimeRange:
    start, end = _times(params, now)
    span = TimeRange.widened(start, end, sampling_interval)
    if "start_time" not in params:
        # A day back from the widened end, so that a day is not one sample more than a day has.
        return TimeRange(max(0, (span.end - DAY) // sampling_interval * sampling_interval), span.end)
    return span


def _times(params: Mapping[str, str], now: float) -> tuple[float, float]:
    end = _time(params, "end_time")
    start = _time(params, "start_time")
    if start is None:
        end = now if end is None else end
        return max(0.0, end - DAY), end
    if end is None:
        if start > now:
            raise InvalidParameter(
                "start_time", "a time that has come where no end_time is given", params["start_time"]
            )
        end = now
    if start > end:
        raise InvalidParameter("start_time", f"a time at or before end_time ({end})", params["start_time"])
    return start, end


def _time(params: Mapping[str, str], name: str) -> float | None:
    if name not in params:
        return None
    value = number_of(params[name])
    if not 0 <= value <= LATEST:
        raise InvalidParameter(name, f"Unix seconds from 0 to {LATEST}", params[name][:80])
    return min(value, float(LAST_END))


def _interval(params: Mapping[str, str], span: TimeRange, sampling_interval: int) -> int:
    interval = _whole(params, "interval", 1, 366 * DAY)
    if interval is None:
        return default_interval(span, sampling_interval)
    if interval % sampling_interval:
        raise InvalidParameter("interval", f"a multiple of the sampling interval ({sampling_interval} s)", interval)
    return interval


def _whole(params: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    if name not in params:
        return None
    text = params[name]
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else -1
    if not least <= value <= most:
        raise InvalidParameter(name, f"a whole number from {least} to {most}", text[:80])
    return value
