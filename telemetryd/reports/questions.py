"""What a report asks the query engine: pure, from its range to the requests."""

from __future__ import annotations

from dataclasses import dataclass

from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import DAY, TimeRange, hour_of
from telemetryd.query.grid import MOST_SAMPLES, default_interval
from telemetryd.query.request import Filters, MetricsRequest, OperationsRequest

# Failed operations that are looked at to say why, and rows of a list of single operations.
LOOKED_AT = 1000
LISTED = 50
# Samples of health, over all backends, that its outages are read from.
MOST_HEALTH_SAMPLES = 100_000
# The statistics of a whole range are the same whatever is aggregated; this costs the least.
_WHOLE = "average"


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one report: over ``span``, in samples of ``interval`` s, beside the period ``before``.

    ``before`` is as long as the range and ends where that begins; None where time does not reach back so far.
    """

    span: TimeRange
    sampling_interval: int
    interval: int
    before: TimeRange | None

    @classmethod
    def about(cls, start: float, end: float, sampling_interval: int) -> Questions:
        """Return the questions about a range, which is widened to whole intervals and never empty."""
        span = TimeRange.widened(start, end, sampling_interval)
        if not span.seconds:
            span = TimeRange(span.start, span.start + sampling_interval)
        reaches_back = span.start >= span.seconds
        before = TimeRange(span.start - span.seconds, span.start) if reaches_back else None
        return cls(span, sampling_interval, default_interval(span, sampling_interval), before)

    def samples(self, coarser: int = 1) -> MetricsRequest:
        """Return the request for all eight metrics, in as many samples as a chart shows, or a part of them."""
        return MetricsRequest(METRIC_TYPES, Filters(), self.span, self._interval(coarser), None)

    def totals(self) -> MetricsRequest:
        """Return the request for what each series did in the whole range."""
        return _totals(self.span)

    def totals_before(self) -> MetricsRequest | None:
        """Return the same for the period before."""
        return None if self.before is None else _totals(self.before)

    def queue_before(self, interval: int) -> MetricsRequest | None:
        """Return the request for the queue in the period before, in samples as wide as those of the range."""
        if self.before is None:
            return None
        return MetricsRequest(("queue_size",), Filters(), self.before, interval, None)

    def health(self, backends: int) -> MetricsRequest:
        """Return the request for the health of as many backends, in samples as narrow as may be."""
        coarser = MOST_SAMPLES * max(1, backends) / MOST_HEALTH_SAMPLES
        return MetricsRequest(("backend_health",), Filters(), self.span, self._interval(coarser), None)

    def slowest(self) -> OperationsRequest:
        """Return the request for the operations that took longest."""
        return OperationsRequest(Filters(), self.span.start, self.span.end, "slowest", LISTED)

    def failed(self) -> OperationsRequest:
        """Return the request for the last operations that failed."""
        return OperationsRequest(Filters(), self.span.start, self.span.end, "failed", LOOKED_AT)

    def is_kept_before(self, now: float, retention_days: int) -> bool:
        """Whether nothing of the period before can have been removed by the retention."""
        return self.before is not None and hour_of(self.before.start) >= hour_of(now) - retention_days * DAY

    def _interval(self, coarser: float) -> int:
        """Return the even interval that gives at most ``MOST_SAMPLES / coarser`` samples a series."""
        # As many samples as a range has that is so much longer.
        seconds = max(1, round(self.span.seconds * coarser))
        return default_interval(TimeRange(self.span.start, self.span.start + seconds), self.sampling_interval)


def _totals(span: TimeRange) -> MetricsRequest:
    # A sample is as wide as the range: aggregation makes samples on its way, and nobody looks at these.
    return MetricsRequest(("operation_count", "operation_latency"), Filters(), span, span.seconds, _WHOLE)
