"""The internal events of reports: made, failed, removed, and what keeps them from being kept in order."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class ReportDone(InternalEvent, frozen=True):
    """A report was made."""

    says: ClassVar[str] = "report made"
    report_id: str
    milliseconds: int
    size: int


class ReportFailed(InternalEvent, frozen=True):
    """A report could not be made; its page says why."""

    says: ClassVar[str] = "report failed"
    level: ClassVar[str] = "warning"
    report_id: str
    error: str


class ReportRemoved(InternalEvent, frozen=True):
    """A report was removed: on request, too old, or the oldest of too many."""

    says: ClassVar[str] = "report removed"
    report_id: str
    reason: str


class ReportPassedOver(InternalEvent, frozen=True):
    """What looks like a report cannot be read as one; it stays where it is and is not listed."""

    says: ClassVar[str] = "report passed over"
    level: ClassVar[str] = "warning"
    path: str
    error: str


class ReportsUnkept(InternalEvent, frozen=True):
    """The folder of the reports cannot be kept in order; it is tried again."""

    says: ClassVar[str] = "reports cannot be kept in order"
    level: ClassVar[str] = "error"
    quiet: ClassVar[bool] = True
    error: str
