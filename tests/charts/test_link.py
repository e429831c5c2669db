"""Processes that draw, of our own and of a service."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from telemetryd.charts.link import Called, Child, Link
from telemetryd.charts.wire import HEADER, Ready, answer_of, length_of
from telemetryd.model.errors import ChartsUnavailable
from tests.end_to_end.daemon import ROOT

from .rendering import alive, eventually, needs_browser, rendering, size_of
from .stand_in import COMMAND, drawing


class Service:
    """What systemd is for a socket with ``Accept=yes``: a process for each connection, which is its input and output."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "renderer.sock")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.command: tuple[str, ...] = COMMAND
        self._folder = folder
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                work = str(self._folder / f"work {len(self.processes)}")
                environ = {
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "HOME": str(self._folder),
                    "TMPDIR": str(self._folder),
                }
                with connection:
                    self.processes.append(
                        subprocess.Popen(
                            [*self.command, work],
                            stdin=connection,
                            stdout=connection,
                            env=environ,
                            start_new_session=True,
                        )
                    )

    def end(self) -> None:
        """Take nothing more, and wait until all that was started has ended by itself."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        for process in self.processes:
            process.wait(60)


@pytest.fixture
def service(short_path: Path) -> Iterator[Service]:
    made = Service(short_path)
    yield made
    made.end()


async def first_answer(link: Link) -> object:
    """Return what a process says first."""
    return answer_of(await link.answers.readexactly(length_of(await link.answers.readexactly(HEADER))))


async def test_a_child_leaves_nothing(tmp_path: Path) -> None:
    """Told to hang up it ends by itself, and its folder is gone."""
    folder = tmp_path / "work"
    child = await Child.start((*COMMAND, str(folder)), str(folder), os.environ)
    assert await first_answer(child) == Ready()
    assert folder.is_dir() and alive(child.pid)
    child.hang_up()
    assert await child.answers.read() == b""
    assert await child.ended() == (0, "it ended with code 0")
    assert not folder.exists() and not alive(child.pid)


async def test_a_child_that_is_killed_leaves_nothing_either(tmp_path: Path) -> None:
    """Its code says by which signal; to kill it once more does nothing."""
    folder = tmp_path / "work"
    child = await Child.start((sys.executable, "-c", "input()"), str(folder), os.environ)
    child.kill()
    assert await child.ended() == (-9, "it ended with code -9")
    child.kill()
    assert not folder.exists()


async def test_a_program_that_is_not_there_leaves_no_folder(tmp_path: Path) -> None:
    """The error names it."""
    folder = tmp_path / "work"
    with pytest.raises(FileNotFoundError, match="/nonexistent/python"):
        await Child.start(("/nonexistent/python",), str(folder), os.environ)
    assert not folder.exists()


async def test_a_service_starts_one_for_each_that_calls(service: Service) -> None:
    """It ends once it has been hung up on, after it has answered."""
    link = await Called.call(service.path)
    assert await first_answer(link) == Ready()
    link.hang_up()
    assert await link.answers.read() == b""
    assert await link.ended() == (0, "its connection was closed")
    assert await asyncio.to_thread(service.processes[0].wait, 60) == 0


async def test_one_that_a_service_has_started_ends_with_its_connection(service: Service) -> None:
    """The daemon cannot kill it, and need not."""
    link = await Called.call(service.path)
    assert await first_answer(link) == Ready()
    link.kill()
    assert await asyncio.to_thread(service.processes[0].wait, 60) == 0


async def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    """Is an error that names its socket, and a chart that is unavailable."""
    path = str(tmp_path / "renderer.sock")
    with pytest.raises(OSError, match=path):
        await Called.call(path)
    async with rendering(tmp_path, renderer=path) as watched:
        with pytest.raises(ChartsUnavailable, match=f"the process that draws does not start: .*{path}"):
            await watched.draw(drawing(), "json")


@needs_browser
async def test_charts_come_from_a_service(service: Service, tmp_path: Path) -> None:
    """Of every kind, over one connection; no process is started here, and after the last chart none is left there."""
    async with rendering(tmp_path, renderer=service.path) as watched:
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)
        assert b"queue_size" in await watched.draw(drawing(), "json")
        assert not watched.work.exists()
        (started,) = watched.log.of("chart worker started")
        assert (started["reason"], started["pid"]) == ("the first chart", 0)
    (process,) = service.processes
    assert await asyncio.to_thread(process.wait, 60) == 0
    assert watched.log.of("chart worker ended")[0]["charts"] == 2


async def test_a_process_of_a_service_that_dies_is_replaced(service: Service, tmp_path: Path) -> None:
    """The chart that it was drawing is drawn by the next one."""
    async with rendering(tmp_path, renderer=service.path) as watched:
        chart = asyncio.create_task(watched.draw(drawing("hang"), "json"))
        await eventually(lambda: len(service.processes) == 1 and watched.renderer._worker.ready, "one to be ready")  # type: ignore[union-attr]
        # The next one never gets so far as to be ready.
        service.command = (sys.executable, "-c", "import time; time.sleep(600)")
        service.processes[0].kill()
        await eventually(lambda: len(service.processes) == 2, "another to be started")
        service.command = COMMAND
        service.processes[1].kill()
        with pytest.raises(ChartsUnavailable, match="its connection was closed"):
            await chart
        assert await watched.draw(drawing(), "json")
