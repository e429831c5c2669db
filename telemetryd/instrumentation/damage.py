"""Internal events of damage to the journal: what was lost of it, where."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class JournalDamaged(InternalEvent, frozen=True):
    """A segment is damaged, or rows before it are missing: acknowledged events of it are lost."""

    says: ClassVar[str] = "journal damaged"
    level: ClassVar[str] = "error"
    path: str
    damaged_bytes: int
    missing_rows: int


class RecordsUndecodable(InternalEvent, frozen=True):
    """Records of a segment are whole, and this release cannot take what they say: their events are lost to it.

    ``records`` of which nothing could be taken, ``events`` of others; ``error`` is that of the first.
    """

    says: ClassVar[str] = "journal records cannot be decoded"
    level: ClassVar[str] = "error"
    path: str
    records: int
    events: int
    error: str


class CheckpointLost(InternalEvent, frozen=True):
    """The state at the head of a segment cannot be read; its rows are replayed without it."""

    says: ClassVar[str] = "checkpoint lost"
    level: ClassVar[str] = "error"
    path: str
    error: str
