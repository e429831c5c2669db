"""Renderers below a folder of the test's own, with what they said and the processes they have."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from telemetryd.charts.drawing import Drawing
from telemetryd.charts.render import Renderer
from telemetryd.charts.session import Session
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.settings import ChartsSettings, Settings
from tests.end_to_end.waiting import PATIENCE

from .stand_in import COMMAND

T = TypeVar("T")
BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
needs_browser = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")
_BETWEEN_LOOKS = 0.01
# A machine that is busy with other things draws slowly: only a chart that must be late has less time.
_TIMEOUT = 110


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda line, kind, **values: self.lines.append((level, line, values))

    def of(self, says: str) -> list[dict[str, Any]]:
        """Return the values of every line of one kind."""
        return [values for _, line, values in self.lines if line == says]


class Watched:
    """A renderer, and what can be seen of it from outside."""

    def __init__(self, folder: Path, settings: ChartsSettings) -> None:
        self.settings = settings
        self.log = Lines()
        self.instrumentation = Instrumentation(self.log)
        self.counts = self.instrumentation.counts
        self.work = folder / "work"
        self.renderer: Renderer

    async def draw(self, drawing: Drawing, form: str, **settings: Any) -> bytes:
        """Draw a chart, with other settings where they are given, which hold from now on."""
        self.settings = replace(self.settings, **settings)
        return await self.renderer.draw(drawing, form)

    @property
    def worker(self) -> int:
        """The id of the process that draws, the last that was started."""
        return int(self.log.of("chart worker started")[-1]["pid"])

    @property
    def browser(self) -> int:
        """The id of the browser's process, the last that was started."""
        return int(self.log.of("chart browser started")[-1]["pid"])

    @property
    def page(self) -> int:
        """The id of the browser's process that draws."""
        return next(pid for pid in alive(self.worker) if b"--type=renderer" in command_line(pid))

    @property
    def folders(self) -> list[str]:
        """The names of the temporary folders."""
        return sorted(os.listdir(self.work)) if self.work.exists() else []

    async def drawing_in_page(self) -> None:
        """Wait until the page is busy with a figure."""
        page = self.page
        before = cpu_ticks(page)
        await eventually(lambda: cpu_ticks(page) > before + 5, "the page to draw")


@asynccontextmanager
async def rendering(
    folder: Path,
    environ: Mapping[str, str] = os.environ,
    command: Sequence[str] = COMMAND,
    grace: float = 60.0,
    clock: Callable[[], float] = time.monotonic,
    **charts: Any,
) -> AsyncIterator[Watched]:
    """Run a renderer with these settings of ``charts``; in the end nothing may be left of it."""
    watched = Watched(folder, ChartsSettings(**({"timeout": _TIMEOUT} | charts)))
    async with Renderer(
        lambda: Settings(charts=watched.settings),
        str(folder),
        watched.instrumentation,
        clock,
        environ=environ,
        command=command,
        grace=grace,
    ) as watched.renderer:
        yield watched
    # What a service has started has no id here.
    assert not [each["pid"] for each in watched.log.of("chart worker started") if each["pid"] and alive(each["pid"])]
    assert not watched.work.exists()


async def eventually(look: Callable[[], T], what: str) -> T:
    """Return what ``look`` returns as soon as that is true; fail where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        await asyncio.sleep(_BETWEEN_LOOKS)
    return found


def alive(leader: int) -> list[int]:
    """Return the ids of the processes of a session."""
    return [member.pid for member in Session(leader).members() if member.alive]


def stop(pid: int) -> None:
    """Have a process do nothing any more, unless it has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)


def command_line(pid: int) -> bytes:
    """Return what a process was started with; nothing where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG, in pixels."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height
