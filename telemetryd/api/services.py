"""What the API asks of the rest of the daemon, and nothing more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from telemetryd.charts.drawing import Look
from telemetryd.model.timerange import TimeRange
from telemetryd.query.fingerprint import Settled
from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.query.result import Result

from .gate import Gate


class Queries(Protocol):
    """The query engine; a cancelled call stops its work."""

    async def metrics(self, request: MetricsRequest) -> Result: ...

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]: ...

    async def operation(
        self, operation_id: str, start: float | None = None, end: float | None = None
    ) -> dict[str, Any]: ...


class Charts(Protocol):
    """Charts of requests for one metric each; as :class:`telemetryd.charts.gallery.Gallery` has them."""

    def tag(self, request: MetricsRequest, look: Look, form: str) -> str | None: ...

    async def chart(self, request: MetricsRequest, look: Look, form: str, tag: str | None) -> bytes: ...


class Report(Protocol):
    """What is known of one report; ``shown`` is what a list of reports says of it."""

    @property
    def report_id(self) -> str: ...

    @property
    def path(self) -> str: ...

    def shown(self) -> dict[str, Any]: ...


class Reports(Protocol):
    """The reports; as :class:`telemetryd.reports.jobs.Reports` has them. Times in Unix seconds."""

    async def request(self, start: int, end: int) -> Report: ...

    def list(self) -> Sequence[Report]: ...

    def file(self, report_id: str, name: str) -> str: ...

    async def remove(self, report_id: str) -> None: ...


class LiveConfiguration(Protocol):
    """The settings of the running daemon; ``config`` and ``pending_restart`` as ``Configuration`` has them."""

    def sampling_interval(self) -> int: ...

    def config(self) -> dict[str, Any]: ...

    def pending_restart(self) -> dict[str, Any]: ...

    async def update(self, changes: Mapping[str, object]) -> list[str]:
        """Apply and store all of ``changes`` or none, and return warnings; raises ``InvalidParameter``."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that answer requests.

    ``settled`` says in words what is stored of a range that can no longer change, None of one that
    can; ``realtime`` gets the window's seconds; ``ready`` returns the reasons why the daemon is not (empty:
    it is); ``scrape`` gets whether OpenMetrics and whether gzip is wanted, and returns the pieces of the answer,
    which any thread may make; ``books`` what the daemon has received and what became of it; ``browser`` the path of the
    browser that draws images, None without one; ``unexpected`` is told the operation's name and the error
    of each answer with status 500; ``now`` is Unix seconds. ``gate`` says who may ask; ``closing`` is set when no
    answer may go on.
    """

    query: Queries
    settled: Callable[[TimeRange], Settled | None]
    realtime: Callable[[float], dict[str, Any]]
    charts: Charts
    reports: Reports
    settings: LiveConfiguration
    ready: Callable[[], list[str]]
    scrape: Callable[[bool, bool], Iterator[bytes]]
    books: Callable[[], dict[str, Any]]
    browser: Callable[[], str | None]
    max_streams: int
    version: str
    unexpected: Callable[[str, Exception], None]
    now: Callable[[], float] = time.time
    gate: Gate = field(default_factory=Gate)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
