"""The daemon's end of the process that draws: a bounded queue, a deadline for each chart, and when it starts and stops."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Self

import msgspec

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.chart_events import ChartDrawn, ChartNotDrawn
from telemetryd.model.errors import Busy, ChartFailed, ChartsUnavailable, ChartTimeout
from telemetryd.model.settings import Settings

from .browsers import find_browser, need_browser
from .drawing import DPI, LARGEST, SMALLEST, Drawing
from .link import Called, Child, Start
from .wire import Draw
from .worker_process import COMMAND, GRACE, WorkerLost, WorkerProcess

# Formats that need a browser.
_IMAGES = ("png", "svg")
# Charts handed to the process at once: one that is drawn and the next ones, so that it never waits for us.
# Those that need no browser wait for none: they have places of their own.
_AT_ONCE = MappingProxyType({True: 3, False: 2})
_TRIES = 2
# Wait before a process that did not start twice running is started again: twice as long each time (s).
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
# Its memory is looked at no more often than this (s): a look costs some milliseconds, in a thread.
_BETWEEN_LOOKS = 2.0
_STOPPING = "the daemon is stopping"


class Renderer:
    """Draws charts in a process that starts on first need, is replaced after so many, and ends when idle.

    ``folder`` is this daemon's alone; what is below ``folder``/work is swept at the start and at the end.
    Use it as a context: on leaving nothing is left, neither process nor folder.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        folder: str,
        instrumentation: Instrumentation,
        clock: Callable[[], float] = time.monotonic,
        environ: Mapping[str, str] = os.environ,
        command: Sequence[str] = COMMAND,
        grace: float = GRACE,
    ) -> None:
        self._settings = settings
        self._work = os.path.join(folder, "work")
        self._instrumentation = instrumentation
        self._clock = clock
        self._environ = environ
        self._command = command
        self._grace = grace
        self._numbers = count(1)
        self._places = {image: asyncio.Semaphore(places) for image, places in _AT_ONCE.items()}
        self._under_way = 0
        self._worker: WorkerProcess | None = None
        self._workers: set[WorkerProcess] = set()
        self._reason = "the first chart"
        self._failures = 0
        self._retry_at = 0.0
        self._fault = ""
        self._looked_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(shutil.rmtree, self._work, ignore_errors=True)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def browser(self) -> str | None:
        """Return the path of the browser that draws PNG and SVG, or None where there is none."""
        return find_browser(self._settings().charts.browser, self._environ)

    async def draw(self, drawing: Drawing, form: str) -> bytes:
        """Return a chart in one of ``FORMATS``; ``json`` is the figure, ``{"data": […], "layout": {…}}``.

        Raises :class:`Busy`, :class:`ChartTimeout` after ``charts.timeout``, :class:`ChartsUnavailable`
        where there is no browser or nothing starts, and :class:`ChartFailed`.
        """
        charts = self._settings().charts
        if self._under_way >= charts.max_queue:
            raise Busy(f"{charts.max_queue} charts are drawn and waiting already (charts.max_queue)")
        self._begin()
        try:
            async with asyncio.timeout(charts.timeout):
                drawn = await self._draw(_bounded(drawing), form, charts.timeout)
        except (TimeoutError, ChartTimeout):
            late = ChartTimeout(f"the chart took longer than {charts.timeout} s (charts.timeout)")
            self._instrumentation.emit(ChartNotDrawn(drawing.metric_type, form, str(late)))
            raise late from None
        except (ChartsUnavailable, ChartFailed) as error:
            self._instrumentation.emit(ChartNotDrawn(drawing.metric_type, form, str(error)))
            raise
        finally:
            self._end()
        self._instrumentation.emit(ChartDrawn(drawing.metric_type, form))
        return drawn

    async def close(self) -> None:
        """End everything; charts under way are :class:`ChartsUnavailable`."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        for worker in self._workers:
            worker.end("the daemon stops")
        ends = [worker.life for worker in self._workers]
        if self._looking is not None:
            ends.append(self._looking)
        if ends:
            await asyncio.wait(ends)
        await asyncio.to_thread(shutil.rmtree, self._work, ignore_errors=True)

    async def _draw(self, drawing: Drawing, form: str, seconds: float) -> bytes:
        deadline = self._clock() + seconds
        places = self._places[form in _IMAGES]
        for _ in range(_TRIES):
            await places.acquire()
            try:
                order = self._order(form, deadline)
                worker = self._employed(order.browser)
                answer = worker.ask(order, drawing)
            except BaseException:
                places.release()
                raise
            # The place is the chart's until it is answered, whether or not anybody waits for it.
            answer.add_done_callback(lambda _: places.release())
            try:
                return await asyncio.shield(answer)
            except WorkerLost as error:
                self._part(worker)
                lost = str(error)
            finally:
                worker.drop(order.number)
                self._review(worker)
        if self._closed:
            raise ChartsUnavailable(_STOPPING)
        if not worker.ready:
            raise ChartsUnavailable(f"the process that draws does not start: {lost}")
        raise ChartFailed(
            f"the process that draws was lost {_TRIES} times over the chart, the last time because {lost}"
        )

    def _order(self, form: str, deadline: float) -> Draw:
        image = form in _IMAGES
        browser = need_browser(self._settings().charts.browser, self._environ) if image else ""
        return Draw(next(self._numbers), form, max(0.0, deadline - self._clock()), browser, b"")

    def _employed(self, browser: str) -> WorkerProcess:
        """Return a process to ask, a new one where there is none."""
        if self._closed:
            raise ChartsUnavailable(_STOPPING)
        if self._worker is not None:
            if not self._worker.leaving and not self._worker.fault:
                return self._worker
            self._part(self._worker)
        if self._clock() < self._retry_at:
            unavailable = ChartsUnavailable(f"the process that draws does not start: {self._fault}")
            unavailable.retry_after = max(1.0, self._retry_at - self._clock())
            raise unavailable
        worker = WorkerProcess(self._start(browser), self._instrumentation, self._reason, self._grace)
        worker.life.add_done_callback(lambda _: self._workers.discard(worker))
        worker.life.add_done_callback(lambda _: self._part(worker))
        self._workers.add(worker)
        self._worker = worker
        return worker

    def _start(self, browser: str) -> Start:
        if service := self._settings().charts.renderer:
            return partial(Called.call, service)
        folder = os.path.join(self._work, os.urandom(6).hex())
        # Told the browser where its first chart is an image, for that takes longest to start.
        command = (*self._command, folder, *filter(None, (browser,)))
        return partial(Child.start, command, folder, self._environ)

    def _part(self, worker: WorkerProcess) -> None:
        """Know that a process is gone, and whether it was ever of use."""
        if self._worker is not worker:
            return
        self._worker = None
        self._reason = worker.leaving or worker.fault
        if worker.ready or worker.leaving:
            self._failures = 0
            return
        self._failures += 1
        self._fault = worker.fault
        if self._failures > 1:
            self._retry_at = self._clock() + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self._failures - 2))

    def _review(self, worker: WorkerProcess) -> None:
        """Part with a process that has done its share, and look at the memory of the others now and then."""
        charts = self._settings().charts
        if worker.leaving or worker.fault:
            return
        if worker.images >= charts.max_charts:
            worker.leave(f"{worker.images} images were drawn")
        elif self._clock() - self._looked_at > _BETWEEN_LOOKS:
            self._looked_at = self._clock()
            self._looking = asyncio.create_task(self._look(worker))

    async def _look(self, worker: WorkerProcess) -> None:
        memory, most = await worker.memory() >> 20, self._settings().charts.max_memory
        if memory > most and not worker.leaving:
            worker.leave(f"it took {memory} MiB of memory, above {most} (charts.max_memory)")

    def _begin(self) -> None:
        self._under_way += 1
        if self._idle is not None:
            self._idle.cancel()

    def _end(self) -> None:
        self._under_way -= 1
        if not self._under_way and not self._closed:
            seconds = self._settings().charts.idle_stop
            self._idle = asyncio.get_running_loop().call_later(seconds, self._rest, seconds)

    def _rest(self, seconds: float) -> None:
        if self._worker is not None:
            self._worker.leave(f"no chart was asked for in {seconds:g} s")


def _bounded(drawing: Drawing) -> Drawing:
    """Return a drawing of a size that a browser can draw."""
    look = drawing.look
    width, height = (min(max(side, SMALLEST * DPI), LARGEST * DPI) for side in (look.width, look.height))
    if (width, height) == (look.width, look.height):
        return drawing
    return msgspec.structs.replace(drawing, look=msgspec.structs.replace(look, width=width, height=height))
