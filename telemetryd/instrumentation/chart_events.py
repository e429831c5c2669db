"""The internal events of charts: the process that draws, its browser, and charts that did not come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .events import InternalEvent


@dataclass(frozen=True, slots=True)
class ChartWorkerStarted(InternalEvent):
    """A process that draws was started; ``reason`` is what for, ``pid`` is 0 where a service has started it."""

    says: ClassVar[str] = "chart worker started"
    reason: str
    pid: int


@dataclass(frozen=True, slots=True)
class ChartWorkerEnded(InternalEvent):
    """A process that draws has ended as it was told to, and its browser with it."""

    says: ClassVar[str] = "chart worker ended"
    reason: str
    pid: int
    charts: int


@dataclass(frozen=True, slots=True)
class ChartWorkerLost(InternalEvent):
    """A process that draws has ended or hung; the charts it owed are tried once more."""

    says: ClassVar[str] = "chart worker lost"
    level: ClassVar[str] = "error"
    reason: str
    pid: int
    owed: int


@dataclass(frozen=True, slots=True)
class ChartWorkerSaid(InternalEvent):
    """A line that the process that draws wrote on standard error."""

    says: ClassVar[str] = "chart worker said"
    level: ClassVar[str] = "warning"
    words: str


@dataclass(frozen=True, slots=True)
class ChartBrowserStarted(InternalEvent):
    """A browser was started; ``sandbox`` is ``on`` or ``off``, and is Chromium's own."""

    says: ClassVar[str] = "chart browser started"
    path: str
    pid: int
    sandbox: str


@dataclass(frozen=True, slots=True)
class ChartBrowserLost(InternalEvent):
    """A browser ended, hung or did not start, and was replaced or given up."""

    says: ClassVar[str] = "chart browser lost"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    reason: str


@dataclass(frozen=True, slots=True)
class ChartDrawn(InternalEvent):
    """A chart was drawn."""

    says: ClassVar[str] = "chart drawn"
    level: ClassVar[str] = "debug"
    quiet: ClassVar[bool] = True
    metric_type: str
    form: str


@dataclass(frozen=True, slots=True)
class ChartNotDrawn(InternalEvent):
    """A chart was asked for and could not be had."""

    says: ClassVar[str] = "chart not drawn"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    metric_type: str
    form: str
    error: str
