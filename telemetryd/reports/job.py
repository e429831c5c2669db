"""The making of one report, step by step: queries, drawings, tables, and at the end its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from importlib.resources import files
from typing import Any, Protocol, TypeVar

from telemetryd import __version__
from telemetryd.charts.browsers import WITHOUT
from telemetryd.charts.drawing import Drawing, Look
from telemetryd.model.errors import Busy, ChartsUnavailable, ChartTimeout, QueryTimeout, ResultTooLarge
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.query.grid import MOST_SAMPLES
from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.query.result import Result
from telemetryd.query.tables import csv_pieces

from . import progress as step
from .facts import Answers, Facts
from .page import HEIGHT, WIDTH, Chart, LocalTime, alt_of, report_page
from .progress import Progress
from .questions import Questions
from .record import CHARTS, CSV, PICTURES, PLOTLY, SCRIPT, Record
from .summary import content

T = TypeVar("T")

# Drawings that are under way at once: one may be drawn while the other is encoded.
AT_ONCE = 2
# How often a query or a drawing that takes too long is tried: what kept it may be over.
TRIES = 2
_LOOK = Look(width=WIDTH, height=HEIGHT, theme="light")
# Where the files come from that a report needs to stand on its own.
_STATIC = {SCRIPT: "telemetryd.reports", PLOTLY: "telemetryd.charts", CHARTS: "telemetryd.charts"}


class Queries(Protocol):
    """Where the numbers come from."""

    async def metrics(self, request: MetricsRequest) -> Result: ...

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]: ...


Draw = Callable[[Drawing, str], Awaitable[bytes]]
# Puts a file into the report's folder.
Put = Callable[[str, Iterable[bytes]], Coroutine[Any, Any, None]]


class Made:
    """A report that is made but for its page: what the page and ``report.json`` tell."""

    def __init__(self, facts: Facts, charts: list[Chart], no_pictures: str, local: LocalTime) -> None:
        self._facts = facts
        self._charts = charts
        self._no_pictures = no_pictures
        self._local = local

    def page(self, record: Record) -> bytes:
        """Return the page of the report."""
        return report_page(record, self._facts, self._charts, self._no_pictures, self._local, __version__)

    def content(self) -> dict[str, Any]:
        """Return what ``report.json`` tells besides the record."""
        return content(self._facts)


class Job:
    """Makes the report of some questions; raises what queries, drawings and the disk raise."""

    def __init__(self, questions: Questions, queries: Queries, draw: Draw, put: Put, retention_days: int) -> None:
        self.progress = Progress()
        self._questions = questions
        self._queries = queries
        self._draw = draw
        self._put = put
        self._retention_days = retention_days
        self._drawing = asyncio.Semaphore(AT_ONCE)
        self._no_pictures = ""

    async def make(self) -> Made:
        """Write all files of the report but its page and ``report.json``, and return what these will tell."""
        samples = await self._step(step.SAMPLES, self._samples())
        request = self._questions.samples()
        drawings = [Drawing.of(request, samples, metric, _LOOK) for metric in METRIC_TYPES]
        # Drawing takes longest, and the engine is free meanwhile; of its threads one is left to others.
        answers, charts, _ = await _together(
            self._answers(samples), self._charts(drawings), self._put(CSV, csv_pieces(samples))
        )
        self.progress.begin(step.WRITING)
        for name, package in _STATIC.items():
            await self._put(name, [await asyncio.to_thread(files(package).joinpath("static", name).read_bytes)])
        facts = await asyncio.to_thread(Facts.of, self._questions, answers, self._retention_days)
        local = LocalTime(drawings[0].zone, drawings[0].utc_offset)
        return Made(facts, charts, self._no_pictures, local)

    async def _samples(self) -> Result:
        """Return the samples of all metrics, in wider intervals where there would be too many."""
        coarser = 1
        while True:
            try:
                return await self._patiently(self._queries.metrics, self._questions.samples(coarser))
            except ResultTooLarge:
                if coarser >= MOST_SAMPLES:
                    raise
                coarser *= 4

    async def _answers(self, samples: Result) -> Answers:
        """Ask all other questions, one after the other."""
        asked = self._questions
        totals = await self._step(step.TOTALS, self._metrics(asked.totals()))
        self.progress.begin(step.BEFORE)
        totals_before = await self._asked(asked.totals_before())
        self.progress.advance(step.BEFORE)
        queue_before = await self._asked(asked.queue_before(samples.interval))
        self.progress.finish(step.BEFORE)
        health = await self._step(step.HEALTH, self._health(samples))
        self.progress.begin(step.OPERATIONS)
        slowest = await self._patiently(self._queries.operations, asked.slowest())
        self.progress.advance(step.OPERATIONS)
        failed = await self._patiently(self._queries.operations, asked.failed())
        self.progress.finish(step.OPERATIONS)
        return Answers(samples, totals, health, totals_before, queue_before, slowest, failed)

    async def _health(self, samples: Result) -> Result:
        request = self._questions.health(len(samples.metrics["backend_health"].keys))
        return samples if request.interval == samples.interval else await self._metrics(request)

    async def _charts(self, drawings: list[Drawing]) -> list[Chart]:
        self.progress.begin(step.DRAWING)
        charts: list[Chart] = await _together(*(self._chart(each) for each in drawings))
        return charts

    async def _chart(self, drawing: Drawing) -> Chart:
        figure, picture = await _together(self._figure(drawing), self._picture(drawing))
        self.progress.advance(step.DRAWING)
        return Chart(drawing.metric_type, figure, alt_of(figure), picture)

    async def _figure(self, drawing: Drawing) -> bytes:
        async with self._drawing:
            return await self._patiently(self._draw, drawing, "json")

    async def _picture(self, drawing: Drawing) -> bool:
        """Draw and write the picture of a chart; return whether there is anything here that draws pictures."""
        async with self._drawing:
            if self._no_pictures:
                return False
            try:
                picture = await self._patiently(self._draw, drawing, "png")
            except ChartsUnavailable as error:
                self._no_pictures = f"{str(error).removesuffix(WITHOUT).removesuffix('.')}."
                return False
        await self._put(PICTURES[drawing.metric_type], [picture])
        return True

    async def _asked(self, request: MetricsRequest | None) -> Result | None:
        return None if request is None else await self._metrics(request)

    async def _metrics(self, request: MetricsRequest) -> Result:
        return await self._patiently(self._queries.metrics, request)

    async def _step(self, which: int, work: Awaitable[T]) -> T:
        self.progress.begin(which)
        found = await work
        self.progress.finish(which)
        return found

    async def _patiently(self, call: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Call until it is not too busy, and again where it was too slow: a report can wait until its deadline."""
        for _ in range(TRIES - 1):
            with suppress(ChartTimeout, QueryTimeout):
                return await self._unhurried(call, *arguments)
        return await self._unhurried(call, *arguments)

    async def _unhurried(self, call: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        while True:
            try:
                return await call(*arguments)
            except Busy as busy:
                await asyncio.sleep(busy.retry_after)


async def _together(*work: Coroutine[Any, Any, Any]) -> Any:
    """Return the results of some work done at once; raises the first error, and ends the rest."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
