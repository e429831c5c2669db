"""What each series did in a whole range, and what all of them did together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telemetryd.model.events import COMPLETED, FAILED, PENDING, RETRYING, STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.query.result import MetricTable, Result

# Below it the slowest one in twenty is a single operation, and tells of nothing but itself.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class SeriesTotals:
    """One series over a whole range: operations by what became of them, and their latencies (s).

    ``latencies`` is how many operations have a latency; the statistics are None where none has.
    """

    key: SeriesKey
    started: int = 0
    completed: int = 0
    failed: int = 0
    retries: int = 0
    latencies: int = 0
    sum: float = 0.0
    mean: float | None = None
    median: float | None = None
    percentile_95: float | None = None
    percentile_99: float | None = None
    max: float | None = None

    @property
    def ended(self) -> int:
        return self.completed + self.failed

    @property
    def success_rate(self) -> float | None:
        return self.completed / self.ended if self.ended else None

    @property
    def error_rate(self) -> float | None:
        return self.failed / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class BackendTotals:
    """All series of one backend together. Their percentiles do not add up, so there are none."""

    backend: str
    started: int
    completed: int
    failed: int
    retries: int
    mean: float | None
    max: float | None

    @property
    def ended(self) -> int:
        return self.completed + self.failed

    @property
    def success_rate(self) -> float | None:
        return self.completed / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class Totals:
    """All series of a range, in order of their names; ``seconds`` is how much of the range is over."""

    series: tuple[SeriesTotals, ...]
    seconds: float
    started: int = field(init=False)
    completed: int = field(init=False)
    failed: int = field(init=False)
    retries: int = field(init=False)
    # What is looked for is found at once; both are filled when first asked for.
    _by_key: dict[SeriesKey, SeriesTotals] = field(init=False, repr=False, compare=False, default_factory=dict)
    _backends: list[BackendTotals] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        for name, total in _added(self.series).items():
            object.__setattr__(self, name, total)

    @classmethod
    def of(cls, result: Result) -> Totals:
        """Return the totals of an aggregated result."""
        counts, latencies = (_by_key(result.metrics[name]) for name in ("operation_count", "operation_latency"))
        series = (_series(key, counts.get(key), latencies.get(key)) for key in sorted(counts.keys() | latencies.keys()))
        return cls(tuple(series), max(0.0, min(result.end, result.now) - result.start))

    @property
    def ended(self) -> int:
        return self.completed + self.failed

    @property
    def success_rate(self) -> float | None:
        return self.completed / self.ended if self.ended else None

    @property
    def throughput(self) -> float | None:
        """Return the operations that ended, a minute."""
        return self.ended * 60 / self.seconds if self.seconds else None

    @property
    def is_empty(self) -> bool:
        return not any(each.started or each.ended or each.retries for each in self.series)

    def get(self, key: SeriesKey) -> SeriesTotals:
        """Return one series; one that did nothing where there is none."""
        if not self._by_key:
            self._by_key.update((each.key, each) for each in self.series)
        return self._by_key.get(key) or SeriesTotals(key)

    def timed(self) -> list[SeriesTotals]:
        """Return the series whose percentiles mean something, slowest first; all that have any where none does."""
        known = [each for each in self.series if each.percentile_95 is not None]
        enough = [each for each in known if each.latencies >= ENOUGH]
        return sorted(enough or known, key=lambda each: -(each.percentile_95 or 0.0))

    def most(self, count: Callable[[SeriesTotals], int]) -> SeriesTotals | None:
        """Return the series with the most of something; None where no series has any."""
        found = max(self.series, key=count, default=None)
        return found if found is not None and count(found) else None

    def backends(self) -> list[BackendTotals]:
        """Return what each backend did, in order of their names."""
        if not self._backends:
            series: dict[str, list[SeriesTotals]] = {}
            for each in self.series:
                series.setdefault(each.key.backend, []).append(each)
            self._backends.extend(_backend(name, series[name]) for name in sorted(series))
        return self._backends


def _added(series: Sequence[SeriesTotals]) -> dict[str, int]:
    """Return what adds up over series."""
    names = ("started", "completed", "failed", "retries")
    return {name: sum(getattr(each, name) for each in series) for name in names}


def _backend(name: str, series: Sequence[SeriesTotals]) -> BackendTotals:
    latencies = sum(each.latencies for each in series)
    return BackendTotals(
        backend=name,
        **_added(series),
        mean=sum(each.sum for each in series) / latencies if latencies else None,
        max=max((each.max for each in series if each.max is not None), default=None),
    )


def _by_key(table: MetricTable) -> dict[SeriesKey, dict[str, float]]:
    columns = {name: values.tolist() for name, values in table.statistics.items()}
    found = {}
    for row, code in enumerate(table.series.tolist()):
        key = table.keys[code]
        assert isinstance(key, SeriesKey)
        found[key] = {name: values[row] for name, values in columns.items()}
    return found


def _series(key: SeriesKey, counts: dict[str, float] | None, latencies: dict[str, float] | None) -> SeriesTotals:
    entered = counts or dict.fromkeys(STATUSES, 0)
    took = latencies or {}
    return SeriesTotals(
        key=key,
        started=int(entered[STATUSES[PENDING]]),
        completed=int(entered[STATUSES[COMPLETED]]),
        failed=int(entered[STATUSES[FAILED]]),
        retries=int(entered[STATUSES[RETRYING]]),
        latencies=int(took.get("count", 0)),
        sum=took.get("sum", 0.0),
        **{name: took.get(name) for name in ("mean", "median", "percentile_95", "percentile_99", "max")},
    )
