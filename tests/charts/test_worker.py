"""The process that draws: inside of this one, and as a process of its own on pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from telemetryd.charts.session import Session
from telemetryd.charts.wire import (
    HEADER,
    Answer,
    Draw,
    Drawn,
    Drop,
    Failed,
    Ready,
    answer_of,
    frame,
    length_of,
)
from telemetryd.charts.worker import Worker
from tests.end_to_end.waiting import until

from .rendering import BROWSER, alive, needs_browser, size_of
from .stand_in import COMMAND, drawing


class Desk:
    """A worker of this process, whose figures wait until they may come."""

    def __init__(self, folder: Path, figure: dict[str, Any]) -> None:
        self.answers: list[Answer] = []
        self.may_come = threading.Event()
        self.made: list[str | None] = []
        self._figure = figure
        self.worker = Worker(folder, self.answers.append, lambda: self._figure_for)
        self.worker.start("")

    def _figure_for(self, drawing: Any, form: str) -> dict[str, Any]:
        self.may_come.wait(60)
        self.made.append(drawing.operation_type)
        return self._figure

    def order(self, number: int, form: str = "json", seconds: float = 60.0) -> None:
        encoded = msgspec.msgpack.encode(drawing(str(number)))
        self.worker.take(Draw(number, form, seconds, "", encoded))

    def answered(self, count: int) -> list[Drawn | Failed]:
        """Wait for so many charts, and return them in the order of their numbers."""

        def found() -> list[Drawn | Failed]:
            return [each for each in self.answers if isinstance(each, Drawn | Failed)]

        until(lambda: len(found()) >= count, f"{count} answers")
        return sorted(found(), key=lambda each: each.number)


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks = []

    def make(figure: dict[str, Any] | None = None) -> Desk:
        desks.append(Desk(tmp_path, figure or {"data": [], "layout": {}}))
        return desks[-1]

    yield make
    for desk in desks:
        desk.may_come.set()


def test_each_order_is_answered_once(make_desk: Callable[..., Desk]) -> None:
    """After word that everything is imported."""
    desk = make_desk()
    desk.may_come.set()
    for number in range(5):
        desk.order(number)
    assert [each.number for each in desk.answered(5)] == list(range(5))
    assert isinstance(desk.answers[0], Ready) and len(desk.answers) == 6


def test_a_dropped_chart_is_not_begun(make_desk: Callable[..., Desk]) -> None:
    """It is answered all the same; to drop what is done, or was never ordered, changes nothing."""
    desk = make_desk()
    for number in (1, 2, 3):
        desk.order(number)
    for number in (2, 7):
        desk.worker.take(Drop(number))
    desk.may_come.set()
    first, dropped, third = desk.answered(3)
    assert isinstance(first, Drawn) and isinstance(third, Drawn)
    assert isinstance(dropped, Failed) and "nobody waits" in dropped.message
    assert desk.made == ["1", "3"]
    desk.worker.take(Drop(1))
    desk.order(1)
    assert isinstance(desk.answered(4)[1], Drawn)


def test_a_chart_whose_time_is_over_is_not_begun(make_desk: Callable[..., Desk]) -> None:
    """Charts behind it have more of it."""
    desk = make_desk()
    desk.order(1, seconds=0.0)
    desk.order(2)
    desk.may_come.set()
    late, drawn = desk.answered(2)
    assert isinstance(late, Failed) and late.word == "chart_timeout"
    assert isinstance(drawn, Drawn) and desk.made == ["2"]


def test_figures_of_numbers(make_desk: Callable[..., Desk]) -> None:
    """Arrays, objects in arrays and numbers of numpy are JSON; what is absent is null."""
    arrays = {"x": np.array([1.5, np.nan]), "y": np.array(["a", None], object), "z": np.int64(7)}
    desk = make_desk({"data": [arrays], "layout": {"title": {"text": "ü"}}, "frames": []})
    desk.may_come.set()
    desk.order(1)
    (drawn,) = desk.answered(1)
    assert isinstance(drawn, Drawn)
    assert json.loads(drawn.data) == {
        "data": [{"x": [1.5, None], "y": ["a", None], "z": 7}],
        "layout": {"title": {"text": "ü"}},
    }


def test_a_figure_that_cannot_be_encoded(make_desk: Callable[..., Desk], capfd: pytest.CaptureFixture[str]) -> None:
    """It is a fault of ours, told with its traceback on standard error."""
    desk = make_desk({"data": [object()], "layout": {}})
    desk.may_come.set()
    desk.order(1)
    (failed,) = desk.answered(1)
    assert isinstance(failed, Failed) and failed.word == "chart_failed"
    assert "not JSON serializable: object" in failed.message
    assert "Traceback" in capfd.readouterr().err


@contextmanager
def process(folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process that draws, in a session of its own; whatever happens nothing stays."""
    folder.mkdir()
    pipe = subprocess.PIPE
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [*COMMAND, str(folder), *more]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environ, start_new_session=True) as worker:
        try:
            yield worker
        finally:
            Session(worker.pid).end(30)


def ask(worker: subprocess.Popen[bytes], order: Draw) -> None:
    assert worker.stdin is not None
    worker.stdin.write(frame(order))
    worker.stdin.flush()


def hear(worker: subprocess.Popen[bytes]) -> Answer:
    assert worker.stdout is not None
    return answer_of(worker.stdout.read(length_of(worker.stdout.read(HEADER))))


@needs_browser
def test_the_end_of_its_input_is_its_end(tmp_path: Path) -> None:
    """Its browser and its folder go first; a figure that hangs is not waited for."""
    folder = tmp_path / "work"
    with process(folder, BROWSER) as worker:
        ask(worker, Draw(1, "png", 60.0, BROWSER, msgspec.msgpack.encode(drawing())))
        heard = [hear(worker) for _ in range(3)]
        assert [type(each).__name__ for each in heard] == ["Ready", "BrowserStarted", "Drawn"]
        assert isinstance(heard[2], Drawn) and size_of(heard[2].data) == (400, 300)
        ask(worker, Draw(2, "json", 60.0, "", msgspec.msgpack.encode(drawing("hang"))))
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(60) == 0
        assert not folder.exists()
        until(lambda: not alive(worker.pid), "what it has killed to be gone")


@needs_browser
def test_its_end_while_the_browser_starts(tmp_path: Path) -> None:
    """Leaves nothing behind either."""
    folder = tmp_path / "work"
    with process(folder, BROWSER) as worker:
        until(lambda: len(alive(worker.pid)) > 1, "the browser to be started")
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(60) == 0
        assert not folder.exists()
        until(lambda: not alive(worker.pid), "what it has killed to be gone")


def test_what_is_no_order_is_its_end(tmp_path: Path) -> None:
    """Whoever writes that is not the daemon."""
    with process(tmp_path / "work") as worker:
        assert worker.stdin is not None
        worker.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
        worker.stdin.flush()
        assert worker.wait(60) == 0


def test_a_signal_to_the_whole_service_is_the_daemons_alone(tmp_path: Path) -> None:
    """systemd stops all processes at once: this one goes on until the daemon has drained."""
    with process(tmp_path / "work") as worker:
        assert isinstance(hear(worker), Ready)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(worker.pid, number)
        ask(worker, Draw(1, "json", 60.0, "", msgspec.msgpack.encode(drawing())))
        assert isinstance(hear(worker), Drawn)


def test_the_daemon_comes_first(tmp_path: Path) -> None:
    """The process steps back for it when processors or memory are scarce."""
    with process(tmp_path / "work") as worker:
        assert isinstance(hear(worker), Ready)
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        assert int(Path(f"/proc/{worker.pid}/oom_score_adj").read_text()) == 500
        switch = Path("/proc/sys/kernel/sched_autogroup_enabled")
        if switch.exists() and switch.read_text() == "1\n":
            assert Path(f"/proc/{worker.pid}/autogroup").read_text().endswith(" nice 5\n")
