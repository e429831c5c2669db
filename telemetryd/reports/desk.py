"""The making of one report from beginning to end: laid out, worked on, and whole at every instant.

Its folder has a page from the first moment on. While the report is made that page tells how far it
is; then, in one step each, it becomes the report, or says why there is none.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from typing import ParamSpec, TypeVar

import msgspec

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.report_events import ReportDone, ReportFailed, ReportsUnkept
from telemetryd.model.errors import TelemetrydError
from telemetryd.model.settings import Settings

from .job import Draw, Job, Queries
from .page import failure_page, progress_page
from .progress import Progress
from .questions import Questions
from .record import FIRST_FILES, INDEX, JSON, PAGE, STYLE, Record, to_json
from .shelf import Shelf

P = ParamSpec("P")
R = TypeVar("R")

# How often the page of a report in the making is written anew, in seconds.
TICK = 1.0
STOPPED = "The daemon stopped while this report was made."


class ReportTooLarge(TelemetrydError):
    """One report alone would be more than all together may be."""

    word = "report_too_large"


class Disk:
    """A thread for all that touches the reports' files, so that it happens in the order it was asked for."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reports")

    async def __call__(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *args, **kwargs))

    def close(self) -> None:
        """End the thread, after what it is doing."""
        self._thread.shutdown()


class Desk:
    """Where one report at a time is made; ``clock`` is Unix seconds."""

    def __init__(
        self,
        queries: Queries,
        draw: Draw,
        shelf: Shelf,
        disk: Disk,
        settings: Callable[[], Settings],
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        tick: float = TICK,
    ) -> None:
        self._tick = tick
        self._queries = queries
        self._draw = draw
        self._shelf = shelf
        self._disk = disk
        self._settings = settings
        self._instrumentation = instrumentation
        self._clock = clock
        self._task: asyncio.Task[Record] | None = None
        self._progress = Progress()
        self._listed: tuple[str, ...] = FIRST_FILES
        self._turning = False

    def lay_out(self, record: Record) -> None:
        """Make the folder of a new report, with a page that says that it is waited for. Raises OSError."""
        self._shelf.make(record.report_id)
        self._shelf.put(record.report_id, STYLE, [_style()])
        self.write_progress(record, Progress())

    def write_progress(self, record: Record, progress: Progress) -> None:
        """Write the pages of a report in the making. Raises OSError."""
        self._write(record, progress_page(record, progress.steps()), to_json(record, self._clock()))

    def write_failure(self, record: Record) -> None:
        """Write the pages of a report that failed, in place of all that was made of it. Raises OSError."""
        # First of all, for its files may be what the disk is full of.
        self._shelf.clear(record.report_id, FIRST_FILES)
        self._write(record, failure_page(record), to_json(record, self._clock()), durable=True)

    def failed(self, record: Record, error: str) -> Record:
        """Return what becomes of a record where its report cannot be made, for a reason in one sentence."""
        names, size = self._shelf.files(record.report_id)
        return msgspec.structs.replace(record, status="failed", error=error, files=names, size=size)

    def now(self, record: Record, since: float) -> Record:
        """Return what is known just now of the report at work, which was begun at ``since``."""
        progress, seconds = self._progress, max(0.0, self._clock() - since)
        return msgspec.structs.replace(
            record, progress=progress.fraction, step=progress.step, seconds=seconds, files=self._listed
        )

    async def make(self, record: Record, questions: Questions, told: Callable[[Record], None]) -> Record:
        """Make a report and return what is known of it then: it is done, or failed.

        ``told`` is called with each word of its progress, and with all its files before a page names them. Never raises for what befalls the report; one that
        is given up (:meth:`give_up`) is left as it is, and comes back ``running``.
        """
        since, timeout = self._clock(), self._settings().reports.timeout
        self._progress, self._listed, self._turning = Progress(), FIRST_FILES, False
        self._task = asyncio.create_task(self._whole(record, questions, since, told))
        deadline = asyncio.get_running_loop().time() + timeout
        late = False
        while not (await asyncio.wait([self._task], timeout=self._tick))[0]:
            told(self.now(record, since))
            late = asyncio.get_running_loop().time() > deadline
            if late:
                self._task.cancel()
            elif not self._turning:
                await self._tell(self.now(record, since))
        record = self.now(record, since)
        task, self._task = self._task, None
        if task.cancelled():
            return await self.fail(record, _late(timeout, record.step)) if late else record
        error = task.exception()
        return self._done(task.result()) if error is None else await self.fail(record, _sentence(error), error)

    def cancel(self) -> None:
        """End the work on the report at work, which :meth:`make` then gives back as it is."""
        if self._task is not None:
            self._task.cancel()

    async def give_up(self) -> None:
        """The same, and wait until nothing is done for it any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def fail(self, record: Record, sentence: str, error: BaseException | None = None) -> Record:
        """Turn the pages of a report into the one that says why there is none; return what is known of it."""
        expected = error is None or isinstance(error, TelemetrydError | OSError)
        why = sentence if expected else "".join(traceback.format_exception(error))
        self._instrumentation.emit(ReportFailed(record.report_id, why))
        failed = msgspec.structs.replace(record, status="failed", error=sentence, files=FIRST_FILES)
        try:
            await self._disk(self.write_failure, failed)
        except OSError as problem:
            self._instrumentation.emit(
                ReportsUnkept(f"{record.report_id}: its page cannot say that it failed: {problem}")
            )
        return await self._disk(self.failed, failed, sentence)

    async def _whole(
        self, record: Record, questions: Questions, since: float, told: Callable[[Record], None]
    ) -> Record:
        """Make all of a report; the page last, so that whoever sees it sees all."""
        settings = self._settings()
        room = _Room(settings.reports.max_size << 20)

        async def put(name: str, pieces: Iterable[bytes]) -> None:
            await self._disk(self._shelf.put, record.report_id, name, room.taken_by(pieces))

        job = Job(questions, self._queries, self._draw, put, settings.telemetry.retention_days)
        self._progress = job.progress
        made = await job.make()
        self._listed, _ = await self._disk(self._shelf.files, record.report_id)
        done = msgspec.structs.replace(self.now(record, since), status="done", progress=1.0, step="Done")
        page = await asyncio.to_thread(made.page, done)
        json = await asyncio.to_thread(lambda: to_json(done, self._clock(), **made.content()))
        room.take(len(_style()) + 2 * len(page) + len(json))
        # Whoever sees the page, or reads that it is done, finds all that it names.
        told(self.now(record, since))
        # No word of progress is written from here on.
        self._turning = True
        await self._disk(self._write, done, page, json, durable=True)
        _, size = await self._disk(self._shelf.files, record.report_id)
        return msgspec.structs.replace(done, size=size)

    async def _tell(self, record: Record) -> None:
        try:
            await self._disk(self.write_progress, record, self._progress)
        except OSError as error:
            # The report itself will fail of it, or it was for a moment only.
            self._instrumentation.emit(ReportsUnkept(f"{record.report_id}: its progress cannot be told: {error}"))

    def _done(self, record: Record) -> Record:
        self._instrumentation.emit(ReportDone(record.report_id, round(record.seconds * 1000), record.size))
        return record

    def _write(self, record: Record, page: bytes, told: bytes, *, durable: bool = False) -> None:
        # ``report.json`` comes last: cut short before it, the report still counts as being made.
        for name, data in ((INDEX, page), (PAGE, page), (JSON, told)):
            self._shelf.put(record.report_id, name, [data], durable=durable)


def _style() -> bytes:
    return files("telemetryd.reports").joinpath("static", STYLE).read_bytes()


def _late(timeout: int, step: str) -> str:
    return f"Expected a report within {timeout} s (reports.timeout), found it still at work: {step}."


def _sentence(error: BaseException) -> str:
    if isinstance(error, TelemetrydError):
        return str(error)
    if isinstance(error, OSError):
        return f"Expected to write the report's files, found: {error.strerror or error}."
    return "A fault of telemetryd itself kept this report from being made; its log says more."


class _Room:
    """How many bytes a report may still take."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size

    def taken_by(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.take(len(piece))
            yield piece

    def take(self, size: int) -> None:
        """Count so many bytes; raises :class:`ReportTooLarge` where they are too many."""
        self._left -= size
        if self._left < 0:
            limit = self._size >> 20
            raise ReportTooLarge(
                f"Expected a report of at most {limit} MiB (reports.max_size), found it larger; ask for a shorter range."
            )
