"""What a scrape tells, as it was at one instant: taken in one step, told in any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from telemetryd.instrumentation.durations import Taken
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.cells import OperationCells

from .totals import Counted


@dataclass(frozen=True, slots=True)
class WalFacts:
    """Of the WAL: what ended lately, what is in flight, and what was counted since the start.

    By the number of a series, ``labels`` are its labels as text, ``keys`` it itself, and ``in_flight`` the numbers of
    its operations pending, processing and retrying. ``window`` tells what ended lately, whenever it is asked and in any
    thread. ``health`` is (since, state) by backend.
    """

    labels: Sequence[str]
    keys: Sequence[SeriesKey]
    in_flight: Sequence[Sequence[int]]
    window: Callable[[], OperationCells]
    counted: Counted
    health: Mapping[str, tuple[float, int]]


class LastReload(Protocol):
    """Whether the last reload of the settings was taken, and when one was (Unix s)."""

    @property
    def succeeded(self) -> bool: ...

    @property
    def succeeded_at(self) -> float: ...


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """Of the daemon itself; counts are since its start.

    ``sizes`` returns the bytes of the journal (None where the disk does not tell) and of the store, and may be
    asked later, in any thread.
    """

    version: str
    ready: bool
    books: Mapping[str, int]
    rejected: Mapping[str, int]
    dropped: int
    events: Mapping[str, int]
    taken: Mapping[str, Taken]
    connections: int
    producers: int
    series: int
    folded: int
    head_rows: int
    heads_waiting: int
    sizes: Callable[[], tuple[int | None, int]]
    reload: LastReload


@dataclass(frozen=True, slots=True)
class Facts:
    """Both; ``started`` (Unix s) is since when is counted."""

    started: float
    wal: WalFacts
    own: OwnFacts
