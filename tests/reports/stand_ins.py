"""What stands behind a report in tests: an engine over a history of a few words, and somebody who draws small."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telemetryd.charts.drawing import Drawing
from telemetryd.query.engine import QueryEngine
from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.query.result import Result
from telemetryd.reports.facts import Answers, Facts
from telemetryd.reports.questions import Questions
from telemetryd.storage.files import File, Files

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


@dataclass
class Queries:
    """Answers as the engine does; fails or waits where a test says so."""

    engine: QueryEngine
    fails: list[Exception] = field(default_factory=list)
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Any] = field(default_factory=list)

    async def metrics(self, request: MetricsRequest) -> Result:
        await self._pass(request)
        return await self.engine.metrics(request)

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]:
        await self._pass(request)
        return await self.engine.operations(request)

    async def _pass(self, request: Any) -> None:
        self.asked.append(request)
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)


@dataclass
class Artist:
    """Draws nothing but the chart's alt text; fails by format where a test says so."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    drawn: list[tuple[str, str]] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def draw(self, drawing: Drawing, form: str) -> bytes:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(0)
            if self.fails.get(form):
                raise self.fails[form].pop(0)
            self.drawn.append((drawing.metric_type, form))
            return PNG if form == "png" else figure(drawing.metric_type)
        finally:
            self.at_once -= 1


def figure(metric_type: str) -> bytes:
    """Return a figure that says what it is."""
    meta = {"alt": f"{metric_type}, in words", "title": metric_type}
    trace = {"type": "scatter", "x": [0, 1], "y": [1, 2]}
    return json.dumps({"data": [trace], "layout": {"meta": meta}}).encode()


class FullDisk(Files):
    """A disk that takes no more files once it is ``full``; those called one of ``takes`` still fit.

    ``renamed`` is called with the path of each file that has just got its name.
    """

    def __init__(self) -> None:
        self.full = False
        self.takes: tuple[str, ...] = ()
        self.renamed: Callable[[str], None] = lambda path: None

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        self.renamed(new)

    def create(self, path: str) -> File:
        if self.full and not path.endswith(self.takes):
            raise OSError(28, "No space left on device", path)
        return super().create(path)


async def answers_of(engine: QueryEngine, questions: Questions) -> Answers:
    """Return what the engine answers to some questions."""
    samples = await engine.metrics(questions.samples())
    totals_before, queue_before = questions.totals_before(), questions.queue_before(samples.interval)
    return Answers(
        samples=samples,
        totals=await engine.metrics(questions.totals()),
        health=await engine.metrics(questions.health(len(samples.metrics["backend_health"].keys))),
        totals_before=None if totals_before is None else await engine.metrics(totals_before),
        queue_before=None if queue_before is None else await engine.metrics(queue_before),
        slowest=await engine.operations(questions.slowest()),
        failed=await engine.operations(questions.failed()),
    )


async def facts_of(engine: QueryEngine, start: float, end: float, retention_days: int = 30) -> Facts:
    """Return the facts of a range, at a sampling interval of a minute."""
    questions = Questions.about(start, end, 60)
    return Facts.of(questions, await answers_of(engine, questions), retention_days)
