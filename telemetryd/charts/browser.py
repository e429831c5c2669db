"""One Chromium with Kaleido's page open in it, which draws one figure at a time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from kaleido.errors import KaleidoError  # type: ignore[import-untyped]

from .channel import Channel
from .chromium import Supervised
from .kaleidoscope import Kaleidoscope, page_of

_PLOTLY = Path(__file__).parent / "static" / "plotly-cartesian.min.js"
_MOMENT, _PATIENCE = 0.1, 2.0
# What choreographer calls the logger of a browser's standard error, and begins the name of its reader's thread with.
_SAYS = "browser_proc"
_PNG, _END_OF_PNG = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


class BrowserLost(Exception):
    """The browser ended, or what it does is not to be trusted: it must be replaced."""


class FigureRefused(Exception):
    """plotly.js cannot draw this figure; the browser is well."""


class Browser:
    """A Chromium, from the moment it is made until :meth:`close`.

    Kaleido and all that belongs to it live on a loop and a thread of their own, because they wait for
    ever, block their loop, or cancel their callers' tasks when a browser dies. Nothing here waits for
    longer than it is told to. After :class:`BrowserLost` or :class:`TimeoutError` only ``close`` is left.
    """

    def __init__(self, path: str, folder: Path, *, sandbox: bool) -> None:
        self.path = path
        self.sandbox = sandbox
        self._folder = folder
        self._said = _Said()
        # The folder by a short path, whatever its own is.
        self._short = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._loop = asyncio.new_event_loop()
        # Kaleido leaves futures behind that nobody asks after.
        self._loop.set_exception_handler(lambda loop, context: None)
        threading.Thread(target=self._run, name="browser", daemon=True).start()
        self._kaleido: Any = None
        # Lost: the process ended, hung up, or its page crashed. Ended: the process is no more.
        self._gone, self._ended = asyncio.Event(), asyncio.Event()
        self._closed = False
        self._opening = self._call(self._open())

    @property
    def pid(self) -> int:
        """The id of the browser's process and of the group it leads; 0 before it is there."""
        return getattr(getattr(self._kaleido, "subprocess", None), "pid", 0)

    @property
    def alive(self) -> bool:
        """Whether the process is there and listens."""
        process = getattr(self._kaleido, "subprocess", None)
        return process is not None and process.poll() is None and not self._gone.is_set()

    @property
    def crashed(self) -> bool:
        """Whether the process was ended by a signal, as its own faults end it; a shell between tells 128 more."""
        code = self._kaleido.subprocess.poll() if self.pid else None
        return code is not None and (code < 0 or code > 128)

    def opened(self, seconds: float) -> bool:
        """Return whether it can draw, after waiting for that; raises :class:`BrowserLost` where it never will."""
        if not wait([self._opening], seconds).done:
            return False
        if (error := _error_of(self._opening)) is not None:
            told = self._ending(_PATIENCE) or _told(error)
            raise BrowserLost(self._said.last(told) if self.pid else told)
        return True

    def draw(self, figure: dict[str, Any], form: str, width: int, height: int, seconds: float) -> bytes:
        """Return ``figure`` as ``png`` or ``svg`` of just that many pixels.

        Raises :class:`BrowserLost`, :class:`FigureRefused`, or :class:`TimeoutError` after ``seconds``.
        """
        drawing = self._call(self._draw(figure, {"format": form, "width": width, "height": height, "scale": 1}))
        if not wait([drawing], seconds).done:
            raise TimeoutError
        error = _error_of(drawing)
        if isinstance(error, KaleidoError):
            raise FigureRefused(str(error)) from error
        if error is not None:
            raise BrowserLost(self._ending() or _told(error)) from error
        data: bytes = drawing.result()
        if not _is_whole(form, data, width, height):
            raise BrowserLost(f"it gave {len(data)} bytes that are no {form} of {width} × {height}")
        return data

    def close(self, seconds: float = 0.0) -> None:
        """End it, politely if that takes no longer than ``seconds``, and let go of all that belongs to it."""
        if self._closed:
            return
        self._closed = True
        if seconds and self.alive and self._opening.done():
            wait([self._call(self._kaleido.close())], seconds)
        self._kill()
        self._call(self._clean())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()
        os.close(self._short)

    def _call(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _ending(self, seconds: float = _MOMENT) -> str:
        """Return how the process ended, if it did. It hangs up a moment before it is gone."""
        if not self.pid:
            return ""
        with suppress(subprocess.TimeoutExpired):
            return f"it ended with code {self._kaleido.subprocess.wait(seconds)}"
        return ""

    async def _open(self) -> None:
        if not os.path.isfile(self.path):
            raise BrowserLost("there is no such file")
        page = self._folder / "index.html"
        page.write_text(page_of(_PLOTLY))
        self._kaleido = Kaleidoscope(
            threading.Thread(target=self._watch, name="browser watch", daemon=True).start,
            page_generator=page,
            path=self.path,
            browser_cls=partial(Supervised, f"/proc/{os.getpid()}/fd/{self._short}"),
            channel_cls=partial(Channel, partial(self._loop.call_soon_threadsafe, self._gone.set)),
            enable_sandbox=self.sandbox,
            enable_extensions=False,
            tmp_dir=str(self._folder),
        )
        # It has a page well before `open` returns, which sleeps in between.
        opening = asyncio.ensure_future(self._kaleido.open())
        ready = asyncio.ensure_future(self._kaleido.ready.wait())
        await asyncio.wait({opening, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await opening
            raise BrowserLost("it opened no page")
        for tab in self._kaleido.tabs.values():
            # Kaleido asks to be told everything, and what it is told is never forgotten.
            tab.unsubscribe("*")
            tab.subscribe("Inspector.targetCrashed", self._on_crash)
            await tab.send_command("Inspector.enable")

    def _watch(self) -> None:
        """Let nothing outlive the first process, which may be a script that only waits for the browser."""
        self._kaleido.subprocess.wait()
        self._kill()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._gone.set)
            self._loop.call_soon_threadsafe(self._ended.set)

    def _kill(self) -> None:
        # Once it has ended, its id may be another's.
        if self.pid and not self._ended.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _on_crash(self, event: Mapping[str, Any]) -> None:
        self._gone.set()

    async def _draw(self, figure: dict[str, Any], options: dict[str, Any]) -> Any:
        await self._kaleido.reloaded()
        drawing = asyncio.ensure_future(self._kaleido.calc_fig(figure, options))
        gone = asyncio.ensure_future(self._gone.wait())
        await asyncio.wait({drawing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not drawing.done():
            raise BrowserLost("it ended, or its page crashed")
        gone.cancel()
        return await drawing

    async def _clean(self) -> None:
        if self.pid:
            # Kaleido asks a browser that it takes for alive to close, and waits for its answer for ever.
            await asyncio.wait({asyncio.ensure_future(self._ended.wait())}, timeout=_PATIENCE)
        if self._kaleido is not None:
            await asyncio.wait({asyncio.ensure_future(self._kaleido.close())}, timeout=_PATIENCE)
        # What is under way ends by itself now, as there is no browser; what does not, only sleeps or is stuck.
        for seconds in (_MOMENT, _PATIENCE):
            if others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others, timeout=seconds)
            for task in others:
                task.cancel()
        self._loop.stop()


class _Said(logging.Handler):
    """The last lines that browsers wrote on standard error."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: deque[str] = deque(maxlen=8)
        logger = logging.getLogger(_SAYS)
        logger.handlers[:] = [self]
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        for noisy in ("choreographer", "kaleido"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage().strip()[:300])

    def last(self, before: str, seconds: float = _PATIENCE) -> str:
        """Return ``before`` and the last line: who reads them ends after that, which may take a moment."""
        deadline = time.monotonic() + seconds
        for reader in threading.enumerate():
            if reader.name == f"{_SAYS}Thread":
                reader.join(max(0.0, deadline - time.monotonic()))
        return f"{before}: {self._lines[-1]}" if self._lines else before


def _error_of(future: Future[Any]) -> BaseException | None:
    """Return what a finished call has raised. Kaleido cancels its callers where a browser dies under them."""
    return BrowserLost("the browser ended") if future.cancelled() else future.exception()


def _told(error: BaseException) -> str:
    return str(error) if isinstance(error, BrowserLost) else f"{type(error).__name__}: {error}"


def _is_whole(form: str, data: bytes, width: int, height: int) -> bool:
    if form == "svg":
        return data.startswith(b"<svg") and data.rstrip().endswith(b"</svg>")
    # A size beyond what Chromium can draw comes back as a few bytes of something else.
    sized = data[12:24] == b"IHDR" + struct.pack(">II", width, height)
    return sized and data.startswith(_PNG) and data.endswith(_END_OF_PNG)
