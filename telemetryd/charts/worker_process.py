"""One process that draws, as the daemon holds it: from its start until nothing of it is left."""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.chart_events import (
    ChartBrowserLost,
    ChartBrowserStarted,
    ChartWorkerEnded,
    ChartWorkerLost,
    ChartWorkerSaid,
    ChartWorkerStarted,
)

from .drawing import Drawing
from .link import Link, Start
from .session import Session
from .wire import (
    HEADER,
    Answer,
    BrowserEnded,
    BrowserStarted,
    Draw,
    Drawn,
    Drop,
    Failed,
    Garbled,
    Order,
    Ready,
    answer_of,
    error_of,
    frame,
    length_of,
)

COMMAND = (sys.executable, "-P", "-m", "telemetryd.charts.worker")
# How much later than its deadline a chart may be answered, before the process is taken to hang (s).
GRACE = 5.0
# How long a process may take to end by itself (s).
_ENDING = 5.0
_PIECE = 1 << 18
# Drawings with fewer bytes are encoded where they come in, others in a thread.
_SMALL = 1 << 20
# Lines on standard error that are told of one process, and how much of each.
_LINES, _LINE = 100, 500


class WorkerLost(Exception):
    """The process ended or hung before it gave the chart."""


class WorkerProcess:
    """A process that ``start()`` starts, as soon as the loop turns; ``life`` is done once nothing is left of it that is ours."""

    def __init__(
        self,
        start: Start,
        instrumentation: Instrumentation,
        reason: str,
        grace: float = GRACE,
    ) -> None:
        self.ready = False
        self.charts = self.images = 0
        self.pid = 0
        self.fault = ""
        self.leaving = ""
        self._ending = False
        self._grace = grace
        self._instrumentation = instrumentation
        self._orders: asyncio.Queue[tuple[Order, Drawing | None] | None] = asyncio.Queue()
        self._owed: dict[int, _Owed] = {}
        self._last_line = ""
        self._link: Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.life = asyncio.create_task(self._live(reason, start), name="chart worker")

    def ask(self, order: Draw, drawing: Drawing) -> asyncio.Future[bytes]:
        """Return the chart to come; nobody need wait for it. It is :class:`WorkerLost` where the process is."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        late = order.seconds + self._grace
        timer = loop.call_later(late, self.condemn, f"it had not answered after {late:.1f} s")
        self._owed[order.number] = _Owed(order.form, answer, timer)
        self._orders.put_nowait((order, drawing))
        return answer

    def drop(self, number: int) -> None:
        """Say that nobody waits for a chart any more."""
        if number in self._owed:
            self._orders.put_nowait((Drop(number), None))

    def leave(self, reason: str) -> None:
        """End once nothing is owed; it must not be asked any more."""
        self.leaving = self.leaving or reason
        if not self._owed:
            self._hang_up()

    def end(self, reason: str) -> None:
        """End now, whatever is owed."""
        self.leaving = self.leaving or reason
        # Its browser ends with it: that one is not lost.
        self._ending = True
        while not self._orders.empty():
            self._orders.get_nowait()
        self._hang_up()

    def condemn(self, fault: str) -> None:
        """Kill it, for it does not do what it should."""
        self.fault = self.fault or fault
        # Not there yet, it is killed as soon as it is.
        if self._link is not None:
            self._link.kill()

    async def memory(self) -> int:
        """Return the bytes of memory that it and its browser take."""
        return await asyncio.to_thread(Session(self.pid).memory) if self.pid else 0

    async def _live(self, reason: str, start: Start) -> None:
        try:
            await self._attend(await self._begin(reason, start))
        except OSError as error:
            self.fault = f"it could not be started: {error}"
        finally:
            self._conclude()

    async def _begin(self, reason: str, start: Start) -> Link:
        link = await start()
        self.pid, self._link = link.pid, link
        if self.fault:
            self.condemn(self.fault)
        self._instrumentation.emit(ChartWorkerStarted(reason, link.pid))
        return link

    async def _attend(self, link: Link) -> None:
        feeding = asyncio.create_task(self._feed(link))
        listening = None if link.said is None else asyncio.create_task(self._listen(link.said))
        await self._read(link.answers)
        feeding.cancel()
        # Whatever became of it, its browser goes with it.
        code, told = await link.ended()
        if listening is not None:
            await asyncio.wait({listening}, timeout=_ENDING)
        if code or not self.leaving:
            self.fault = self.fault or told

    def _conclude(self) -> None:
        """Tell whoever waits that there is no process any more, and why."""
        if self._timer is not None:
            self._timer.cancel()
        owed, self._owed = self._owed, {}
        if self.fault or not self.leaving:
            self.fault = ": ".join(filter(None, (self.fault, self._last_line)))
            self._instrumentation.emit(ChartWorkerLost(self.fault, self.pid, len(owed)))
        else:
            self._instrumentation.emit(ChartWorkerEnded(self.leaving, self.pid, self.charts))
        for each in owed.values():
            each.timer.cancel()
            each.answer.set_exception(WorkerLost(self.fault or self.leaving))

    def _hang_up(self) -> None:
        self._orders.put_nowait(None)
        if self._timer is not None:
            return
        self._timer = asyncio.get_running_loop().call_later(
            _ENDING, self.condemn, f"it had not ended after {_ENDING:g} s"
        )

    async def _feed(self, link: Link) -> None:
        """Write the orders, in pieces that the loop does not notice, and hang up after the last."""
        with suppress(OSError):
            while (waiting := await self._orders.get()) is not None:
                order, drawing = waiting
                heavy = drawing is not None and len(drawing.timestamp) * len(drawing.statistics) > _SMALL
                data = await asyncio.to_thread(_encoded, order, drawing) if heavy else _encoded(order, drawing)
                for at in range(0, len(data), _PIECE):
                    link.orders.write(data[at : at + _PIECE])
                    await link.orders.drain()
        link.hang_up()

    async def _read(self, answers: StreamReader) -> None:
        """Take the answers until there are no more."""
        try:
            while True:
                header = await answers.readexactly(HEADER)
                self._take(answer_of(await answers.readexactly(length_of(header))))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except Garbled as error:
            self.condemn(str(error))

    def _take(self, answer: Answer) -> None:
        match answer:
            case Ready():
                self.ready = True
            case BrowserStarted(path, pid, sandbox):
                self._instrumentation.emit(ChartBrowserStarted(path, pid, "on" if sandbox else "off"))
            case BrowserEnded(reason) if not self._ending:
                self._instrumentation.emit(ChartBrowserLost(reason))
            case Drawn() | Failed():
                self._settle(answer)

    def _settle(self, answer: Drawn | Failed) -> None:
        owed = self._owed.pop(answer.number, None)
        if owed is None:
            return
        owed.timer.cancel()
        if isinstance(answer, Drawn):
            self.charts += 1
            self.images += owed.form in ("png", "svg")
            owed.answer.set_result(answer.data)
        else:
            owed.answer.set_exception(error_of(answer))
        if self.leaving and not self._owed:
            self._hang_up()

    async def _listen(self, stderr: StreamReader) -> None:
        """Log what it says, within bounds, and remember the last of it."""
        lines = 0
        while True:
            try:
                said = await stderr.readuntil(b"\n")
            except asyncio.IncompleteReadError as rest:
                said = rest.partial
            except asyncio.LimitOverrunError as long:
                said = await stderr.readexactly(long.consumed)
            if not said:
                return
            line = said[:_LINE].decode(errors="replace").strip()
            if not line:
                continue
            self._last_line = line
            lines += 1
            if lines <= _LINES:
                self._instrumentation.emit(ChartWorkerSaid(line))


@dataclass(eq=False, slots=True)
class _Owed:
    """A chart that was asked for and not answered."""

    form: str
    answer: asyncio.Future[bytes]
    timer: asyncio.TimerHandle


def _encoded(order: Order, drawing: Drawing | None) -> memoryview:
    if isinstance(order, Draw) and drawing is not None:
        order = msgspec.structs.replace(order, drawing=msgspec.msgpack.encode(drawing))
    return memoryview(frame(order))
