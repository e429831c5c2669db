"""The reports: asked for, made one at a time, listed, read, removed, and kept within their limits."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

import msgspec

from telemetryd import __version__
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.report_events import ReportPassedOver, ReportRemoved, ReportsUnkept
from telemetryd.model.errors import Busy, StorageUnavailable, UnknownReport
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import TimeRange
from telemetryd.storage.files import Files

from .desk import STOPPED, Desk, Disk
from .job import Draw, Queries
from .progress import WAITING
from .questions import Questions
from .record import Record, from_json
from .retention import expired, surplus
from .shelf import Shelf

# How often the limits are looked at where nothing is made, in seconds.
TURN = 60.0
Records: TypeAlias = Sequence[Record]


class Reports:
    """All reports below ``folder``, and the queue of those still to be made.

    ``fingerprint`` returns a word for a range that can no longer change, or None: two requests for one
    range under one word share a report. ``may_remove`` says whether the retention is known.
    """

    def __init__(
        self,
        queries: Queries,
        draw: Draw,
        folder: str,
        settings: Callable[[], Settings],
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        fingerprint: Callable[[TimeRange], str | None],
        may_remove: Callable[[], bool] = lambda: True,
        files: Files | None = None,
    ) -> None:
        self._settings = settings
        self._instrumentation = instrumentation
        self._clock = clock
        self._fingerprint = fingerprint
        self._may_remove = may_remove
        self._shelf = Shelf(Files() if files is None else files, folder)
        self._disk = Disk()
        self._desk = Desk(queries, draw, self._shelf, self._disk, settings, instrumentation, clock)
        self._records: dict[str, Record] = {}
        self._waiting: deque[tuple[str, Questions]] = deque()
        self._at_work: str | None = None
        self._beginning = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._stopping = False

    def open(self) -> None:
        """Learn which reports there are; those that were cut short are told to have failed."""
        try:
            for report_id, data in self._shelf.stored():
                self._learn(report_id, data)
        except OSError as error:
            self._instrumentation.emit(ReportsUnkept(str(error)))

    async def request(self, start: float, end: float) -> Record:
        """Begin the report of a range (Unix s), or find the one that says the same; its page is there on return.

        Raises :class:`Busy` where too many wait, and :class:`StorageUnavailable` where it cannot be begun.
        """
        async with self._beginning:
            settings = self._settings()
            questions = Questions.about(start, end, settings.telemetry.sampling_interval)
            word = self._word(questions)
            for record in self._records.values():
                if record.answers(questions.span.start, questions.span.end, word):
                    return record
            under_way = len(self._waiting) + (self._at_work is not None)
            if under_way >= settings.reports.max_queue:
                raise Busy(f"reports: expected at most {under_way} made and waiting at once, found one more")
            record = self._new(questions, word)
            await self._lay_out(record)
            self._records[record.report_id] = record
            self._waiting.append((record.report_id, questions))
            self._wanted.set()
            return record

    def file(self, report_id: str, name: str) -> str:
        """Return the path of a report's file; raises :class:`UnknownReport` where it does not list it."""
        record = self._record(report_id)
        if name not in record.files or not self._shelf.has(record.report_id, name):
            raise UnknownReport(f"report: expected one of {', '.join(record.files)}, found {name[:80]!r}")
        # Of the name and the id as they are known here, not as they came.
        return self._shelf.file(record.report_id, record.files[record.files.index(name)])

    async def remove(self, report_id: str) -> None:
        """Remove a report; one that is being made is given up. Raises :class:`UnknownReport`."""
        await self._gone(self._record(report_id), "asked for")

    async def keep(self, now: float) -> None:
        """Remove the reports that are too old, and the oldest while all together are too large."""
        if not self._may_remove():
            return
        settings = self._settings()
        for record in expired(self._records.values(), now, settings.telemetry.retention_days):
            await self._retired(record, "too old")
        for record in surplus(self._records.values(), settings.reports.max_size << 20):
            await self._retired(record, "all together too large")

    async def run(self) -> None:
        """Make reports until stopped, one at a time, oldest request first."""
        while not self._stopping:
            await self.keep(self._clock())
            if self._waiting and not self._stopping:
                await self._make(*self._waiting.popleft())
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), TURN)
            self._wanted.clear()
        for report_id, _ in self._waiting:
            self._records[report_id] = await self._desk.fail(self._records[report_id], STOPPED)
        self._disk.close()

    def stop(self) -> None:
        """Let :meth:`run` return; reports that are not done are told to have failed."""
        self._stopping = True
        self._wanted.set()
        self._desk.cancel()

    def list(self) -> Records:
        """Return all reports, newest first."""
        return sorted(self._records.values(), key=lambda record: (-record.created, record.report_id))

    def _learn(self, report_id: str, data: bytes) -> None:
        path = self._shelf.path(report_id)
        try:
            record = from_json(data, report_id, path)
        except ValueError as error:
            self._instrumentation.emit(ReportPassedOver(path, str(error)))
            return
        if record.status == "running":
            record = msgspec.structs.replace(record, status="failed", error=STOPPED)
            with suppress(OSError):
                self._desk.write_failure(record)
        files, size = self._shelf.files(report_id)
        listed = tuple(name for name in files if name in record.files)
        self._records[report_id] = msgspec.structs.replace(record, files=listed, size=size)

    def _word(self, questions: Questions) -> str | None:
        """Return what tells this report from others of its range, where nothing of that can change any more."""
        stored = self._fingerprint(questions.span)
        return None if stored is None else f"{stored} {questions.sampling_interval} {__version__}"

    def _new(self, questions: Questions, word: str | None) -> Record:
        now, span = self._clock(), questions.span
        report_id = _id(now)
        while report_id in self._records or self._shelf.is_taken(report_id):
            report_id = _id(now)
        path = self._shelf.path(report_id)
        return Record(report_id, path, "running", now, span.start, span.end, step=WAITING, fingerprint=word)

    async def _lay_out(self, record: Record) -> None:
        there = False
        try:
            await asyncio.to_thread(self._desk.lay_out, record)
            there = True
        except OSError as error:
            raise StorageUnavailable(f"{record.path}: expected a folder that can be written, found: {error}") from None
        finally:
            if not there:
                # Whatever it was: no list has this report, so nobody would ever remove it.
                with suppress(OSError):
                    await asyncio.to_thread(self._shelf.remove, record.report_id)

    async def _make(self, report_id: str, questions: Questions) -> None:
        self._at_work = report_id
        record = await self._desk.make(self._records[report_id], questions, self._tell)
        self._at_work = None
        if report_id in self._records:
            if record.status == "running":
                record = await self._desk.fail(record, STOPPED)
            self._tell(record)

    def _tell(self, record: Record) -> None:
        if record.report_id in self._records:
            self._records[record.report_id] = record

    async def _retired(self, record: Record, reason: str) -> None:
        try:
            await self._gone(record, reason)
        except StorageUnavailable as error:
            self._instrumentation.emit(ReportsUnkept(str(error)))

    async def _gone(self, record: Record, reason: str) -> None:
        """Forget a report, and remove its folder."""
        report_id = record.report_id
        self._records.pop(report_id, None)
        self._waiting = deque(each for each in self._waiting if each[0] != report_id)
        if self._at_work == report_id:
            await self._desk.give_up()
        try:
            await self._disk(self._shelf.remove, report_id)
        except OSError as error:
            files, size = await self._disk(self._shelf.files, report_id)
            status = "failed" if record.status == "running" else record.status
            self._records[report_id] = msgspec.structs.replace(record, status=status, files=files, size=size)
            raise StorageUnavailable(f"{record.path}: expected a folder that can be removed, found: {error}") from None
        self._instrumentation.emit(ReportRemoved(report_id, reason))

    def _record(self, report_id: str) -> Record:
        record = self._records.get(report_id)
        if record is None:
            raise UnknownReport(f"report: expected the id of a report that there is, found {report_id[:80]!r}")
        return record


def _id(now: float) -> str:
    return f"report_{int(now)}_{10_000 + secrets.randbelow(90_000)}"
