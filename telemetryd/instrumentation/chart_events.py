"""The internal events of charts: the process that draws, its browser, and charts that did not come."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class ChartWorkerStarted(InternalEvent, frozen=True):
    """A process that draws was started; ``reason`` is what for, ``pid`` is 0 where a service has started it."""

    says: ClassVar[str] = "chart worker started"
    reason: str
    pid: int


class ChartWorkerEnded(InternalEvent, frozen=True):
    """A process that draws has ended as it was told to, and its browser with it."""

    says: ClassVar[str] = "chart worker ended"
    reason: str
    pid: int
    charts: int


class ChartWorkerLost(InternalEvent, frozen=True):
    """A process that draws has ended or hung; the charts it owed are tried once more."""

    says: ClassVar[str] = "chart worker lost"
    level: ClassVar[str] = "error"
    reason: str
    pid: int
    owed: int


class ChartWorkerSaid(InternalEvent, frozen=True):
    """A line that the process that draws wrote on standard error."""

    says: ClassVar[str] = "chart worker said"
    level: ClassVar[str] = "warning"
    words: str


class ChartBrowserStarted(InternalEvent, frozen=True):
    """A browser was started; ``sandbox`` is ``on`` or ``off``, and is Chromium's own."""

    says: ClassVar[str] = "chart browser started"
    path: str
    pid: int
    sandbox: str


class ChartBrowserLost(InternalEvent, frozen=True):
    """A browser ended, hung or did not start, and was replaced or given up."""

    says: ClassVar[str] = "chart browser lost"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    reason: str


class ChartDrawn(InternalEvent, frozen=True):
    """A chart was drawn."""

    says: ClassVar[str] = "chart drawn"
    level: ClassVar[str] = "debug"
    quiet: ClassVar[bool] = True
    metric_type: str
    form: str


class ChartNotDrawn(InternalEvent, frozen=True):
    """A chart was asked for and could not be had."""

    says: ClassVar[str] = "chart not drawn"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    metric_type: str
    form: str
    error: str
