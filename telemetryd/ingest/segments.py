"""Heads that wait to be sealed, each with the segment that holds its rows until then."""

from __future__ import annotations

from dataclasses import dataclass

from telemetryd.storage.head import FrozenHead


@dataclass(slots=True)
class ClosedSegment:
    """A head that waits to be sealed, and the segment that holds its rows until then.

    Readers see its rows from the moment it is frozen; it can be sealed once ``path`` is final.
    """

    head: FrozenHead
    path: str
    final: bool = True


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a replay gave: segments that wait to be sealed, those that hold no rows, and how many rows."""

    closed: list[ClosedSegment]
    empty: list[str]
    rows: int
