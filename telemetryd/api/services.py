"""What the API asks of the rest of the daemon, and nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.query.result import Result


class Queries(Protocol):
    """The query engine; a cancelled call stops its work."""

    async def metrics(self, request: MetricsRequest) -> Result: ...

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]: ...

    async def operation(
        self, operation_id: str, start: float | None = None, end: float | None = None
    ) -> dict[str, Any]: ...


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

    ``realtime`` gets the window's seconds; ``ready`` returns the reasons why the daemon is not (empty:
    it is); ``books`` what the daemon has received and what became of it; ``unexpected`` is told the operation's name and the error of each answer with status 500;
    ``now`` is Unix seconds.
    """

    query: Queries
    realtime: Callable[[float], dict[str, Any]]
    settings: LiveConfiguration
    ready: Callable[[], list[str]]
    books: Callable[[], dict[str, Any]]
    version: str
    unexpected: Callable[[str, Exception], None]
    now: Callable[[], float] = time.time
