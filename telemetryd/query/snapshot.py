"""The still picture that a query reads: taken in one step, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from telemetryd.model.series import SeriesKey
from telemetryd.rollup.columns import EventColumns
from telemetryd.storage.catalog import DayParts, HourParts


@dataclass(frozen=True, slots=True)
class OperationInFlight:
    """An operation that has not ended; times in Unix seconds."""

    operation_id: str
    operation_type: str
    backend: str
    status: str
    start: float | None
    since: float
    retry_count: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything there is at ``now`` (Unix s): each row is either in ``heads`` or in ``hours``.

    ``heads`` are rows not yet in a part, in order of arrival; ``hours`` the committed parts by the
    hour's start, ``days`` the same of each UTC day. ``in_flight`` are the numbers pending, processing and retrying now;
    ``first_seen`` the timestamp of each series' first event; ``health`` each backend's last change
    (Unix s, state code). ``operations`` lists the operations in flight, as they are when it is
    called: one that ended since the snapshot was taken is not among them.
    """

    now: float
    sampling_interval: int
    heads: Sequence[EventColumns]
    hours: Mapping[int, HourParts]
    days: Mapping[int, DayParts]
    in_flight: Mapping[SeriesKey, tuple[int, int, int]]
    first_seen: Mapping[SeriesKey, float]
    health: Mapping[str, tuple[float, int]]
    operations: Callable[[], list[OperationInFlight]]
