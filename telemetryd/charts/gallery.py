"""Charts by request: one that was drawn before, where nothing of it can have changed, else a new one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Protocol

import msgspec

from telemetryd import __version__
from telemetryd.model.timerange import TimeRange
from telemetryd.query.request import MetricsRequest
from telemetryd.query.result import Result

from .cache import ChartCache
from .drawing import Drawing, Look


class Queries(Protocol):
    """Where the samples come from."""

    async def metrics(self, request: MetricsRequest) -> Result: ...


class Renderer(Protocol):
    """What draws."""

    async def draw(self, drawing: Drawing, form: str) -> bytes: ...


class _Shared:
    """A chart that is being drawn, and how many wait for it."""

    def __init__(self, task: asyncio.Task[bytes]) -> None:
        self.task = task
        self.waiting = 0
        # What went wrong, all who waited were told; where nobody is left, nobody is.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())


class Gallery:
    """Draws requests of one metric each; ``fingerprint`` as :func:`telemetryd.query.fingerprint.fingerprint` gives it."""

    def __init__(
        self,
        queries: Queries,
        renderer: Renderer,
        cache: ChartCache,
        fingerprint: Callable[[TimeRange], str | None],
    ) -> None:
        self._queries = queries
        self._renderer = renderer
        self._cache = cache
        self._fingerprint = fingerprint
        self._under_way: dict[str, _Shared] = {}

    def tag(self, request: MetricsRequest, look: Look, form: str) -> str | None:
        """Return what the chart is kept by: equal for charts that are equal, None for one that may still change."""
        stored = self._fingerprint(request.range)
        if stored is None:
            return None
        asked = msgspec.json.encode([__version__, form, look, request, stored])
        return hashlib.sha256(asked).hexdigest()[:32]

    async def chart(self, request: MetricsRequest, look: Look, form: str, tag: str | None) -> bytes:
        """Return the bytes of a chart, in one of ``FORMATS``; ``tag`` is what :meth:`tag` has just said of it.

        Charts of one tag that are asked for at once are drawn once, and given up when nobody waits any more.
        Raises what the query and the renderer raise.
        """
        if tag is None:
            return await self._drawn(request, look, form)
        shared = self._under_way.get(tag)
        if shared is None:
            shared = self._under_way[tag] = _Shared(asyncio.create_task(self._kept(request, look, form, tag)))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting and self._under_way.get(tag) is shared:
                del self._under_way[tag]
                shared.task.cancel()

    async def _kept(self, request: MetricsRequest, look: Look, form: str, tag: str) -> bytes:
        """Return the chart of a tag, which is kept from then on."""
        if (kept := await asyncio.to_thread(self._cache.get, tag)) is not None:
            return kept
        drawn = await self._drawn(request, look, form)
        # What came in meanwhile may be in this chart and not in its tag: such a one is not kept.
        if self.tag(request, look, form) == tag:
            await asyncio.to_thread(self._cache.put, tag, drawn)
        return drawn

    async def _drawn(self, request: MetricsRequest, look: Look, form: str) -> bytes:
        result = await self._queries.metrics(request)
        (metric_type,) = request.metric_types
        return await self._renderer.draw(Drawing.of(request, result, metric_type, look), form)
