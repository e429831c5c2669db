"""The internal events of the log itself."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class RepeatsSuppressed(InternalEvent, frozen=True):
    """``more`` lines of one kind were not written, since 60 of it had been within a minute."""

    says: ClassVar[str] = "repeats suppressed"
    level: ClassVar[str] = "warning"
    of: str
    more: int


class LibrarySaid(InternalEvent, frozen=True):
    """A library warned, at the level that it chose; ``error`` is the traceback, where there is one."""

    says: ClassVar[str] = "library said"
    level: ClassVar[str] = "warning"
    logger: str
    words: str
    error: str | None


class LinesLost(InternalEvent, frozen=True):
    """The journal takes lines again; it had no room for so many since the process started, this kind's own included."""

    says: ClassVar[str] = "lines lost"
    level: ClassVar[str] = "warning"
    so_far: int
