"""The internal events of reports: made, failed, removed, and what keeps them from being kept in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .events import InternalEvent


@dataclass(frozen=True, slots=True)
class ReportDone(InternalEvent):
    """A report was made."""

    says: ClassVar[str] = "report made"
    report_id: str
    milliseconds: int
    size: int


@dataclass(frozen=True, slots=True)
class ReportFailed(InternalEvent):
    """A report could not be made; its page says why."""

    says: ClassVar[str] = "report failed"
    level: ClassVar[str] = "warning"
    report_id: str
    error: str


@dataclass(frozen=True, slots=True)
class ReportRemoved(InternalEvent):
    """A report was removed: on request, too old, or the oldest of too many."""

    says: ClassVar[str] = "report removed"
    report_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportPassedOver(InternalEvent):
    """What looks like a report cannot be read as one; it stays where it is and is not listed."""

    says: ClassVar[str] = "report passed over"
    level: ClassVar[str] = "warning"
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class ReportsUnkept(InternalEvent):
    """The folder of the reports cannot be kept in order; it is tried again."""

    says: ClassVar[str] = "reports cannot be kept in order"
    level: ClassVar[str] = "error"
    quiet: ClassVar[bool] = True
    error: str
