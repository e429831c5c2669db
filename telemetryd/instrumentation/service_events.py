"""The internal events of the daemon as a service: what its supervisor is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .events import InternalEvent


@dataclass(frozen=True, slots=True)
class Stalled(InternalEvent):
    """The daemon makes no progress, and gives no sign of life until it does; with a watchdog, it is ended and started anew."""

    says: ClassVar[str] = "stalled"
    level: ClassVar[str] = "error"
    reason: str


@dataclass(frozen=True, slots=True)
class Revived(InternalEvent):
    """Progress again, after so many seconds without a sign of life."""

    says: ClassVar[str] = "makes progress again"
    level: ClassVar[str] = "warning"
    seconds: int
