"""What a metrics query gives: per metric one table of samples, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetryd.model.series import SeriesKey
from telemetryd.rollup.columns import Array

from .account import Account


@dataclass(frozen=True, slots=True)
class MetricTable:
    """The samples of one metric, by series and then by time.

    ``keys`` are the series (a backend's name for health); ``series`` int32 codes into them;
    ``timestamp`` int64 (Unix s, the start of the interval); ``statistics`` columns of the same
    length by name, NaN where a statistic is absent.
    """

    keys: tuple[SeriesKey | str, ...]
    series: Array
    timestamp: Array
    statistics: dict[str, Array]

    def __len__(self) -> int:
        return len(self.timestamp)


@dataclass(frozen=True, slots=True)
class Result:
    """The tables asked for, and the range (Unix s, half open) and interval (s) that were used.

    ``now`` (Unix s) is the instant that it is true of: gauges are known up to it. ``account`` says what was read.
    """

    start: int
    end: int
    interval: int
    metrics: dict[str, MetricTable]
    now: float
    account: Account = field(default_factory=Account)
