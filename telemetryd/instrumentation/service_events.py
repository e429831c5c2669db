"""The internal events of the daemon as a service: what its supervisor is told."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class Stalled(InternalEvent, frozen=True):
    """The daemon makes no progress, and gives no sign of life until it does; with a watchdog, it is ended and started anew."""

    says: ClassVar[str] = "stalled"
    level: ClassVar[str] = "error"
    reason: str


class Revived(InternalEvent, frozen=True):
    """Progress again, after so many seconds without a sign of life."""

    says: ClassVar[str] = "makes progress again"
    level: ClassVar[str] = "warning"
    seconds: int
