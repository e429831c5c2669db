"""The daemon's hold of a process that draws, with processes that do this and that."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from telemetryd.charts.link import Child
from telemetryd.charts.wire import Draw
from telemetryd.charts.worker_process import WorkerLost, WorkerProcess
from telemetryd.instrumentation import Instrumentation

from .rendering import Lines, alive, eventually
from .stand_in import COMMAND, drawing

ORDER = Draw(1, "json", 60.0, "", b"")


class Held:
    """A process of a test, and what is said of it."""

    def __init__(self, folder: Path, command: tuple[str, ...] = COMMAND, grace: float = 5.0) -> None:
        self.log = Lines()
        self.folder = folder / "work" / "1"
        instrumentation = Instrumentation(self.log)
        start = partial(Child.start, (*command, str(self.folder)), str(self.folder), os.environ)
        self.process = WorkerProcess(start, instrumentation, "a test", grace)

    async def gone(self) -> None:
        """Wait until it is gone, with its folder and all processes."""
        await asyncio.wait_for(self.process.life, 60)
        assert not self.folder.exists()
        assert not self.process.pid or not alive(self.process.pid)


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_what_is_asked_before_it_runs_is_answered(tmp_path: Path) -> None:
    """It takes orders at once; once it may go, it answers them first."""
    held = Held(tmp_path)
    answer = held.process.ask(ORDER, drawing())
    held.process.leave("the test is over")
    assert await answer
    await held.gone()
    pid = held.process.pid
    assert held.log.of("chart worker started") == [{"reason": "a test", "pid": pid}]
    assert held.log.of("chart worker ended") == [{"reason": "the test is over", "pid": pid, "charts": 1}]


async def test_the_end_whatever_is_owed(tmp_path: Path) -> None:
    """Whoever waits is told."""
    held = Held(tmp_path)
    answer = held.process.ask(ORDER, drawing("hang"))
    await eventually(lambda: held.process.ready, "it to be ready")
    held.process.end("the test is over")
    with pytest.raises(WorkerLost):
        await answer
    await held.gone()


async def test_the_end_before_it_runs(tmp_path: Path) -> None:
    """Leaves nothing either."""
    held = Held(tmp_path)
    answer = held.process.ask(ORDER, drawing())
    held.process.end("the test is over")
    with pytest.raises(WorkerLost):
        await answer
    await held.gone()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.exit('no module named plotly')", "it ended with code 1: no module named plotly"),
        ("print('this is not a message, is it?', flush=True); input()", "expected a message of"),
        ("import os; os.close(1); input()", "it ended with code"),
        ("import os; os.write(1, b'\\0\\0\\0\\4\\xc1\\xc1\\xc1\\xc1'); input()", "expected an answer, found"),
    ],
)
async def test_a_process_that_speaks_another_language(tmp_path: Path, text: str, why: str) -> None:
    """It is killed, and whoever waits is told why."""
    held = Held(tmp_path, script(text))
    with pytest.raises(WorkerLost, match=why):
        await held.process.ask(ORDER, drawing())
    await held.gone()
    assert held.log.of("chart worker lost")[0]["owed"] == 1


async def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """Is a process that is lost."""
    held = Held(tmp_path, ("/nonexistent/python",))
    with pytest.raises(WorkerLost, match=r"it could not be started: .*No such file"):
        await held.process.ask(ORDER, drawing())
    await held.gone()


async def test_one_that_does_not_answer(tmp_path: Path) -> None:
    """It is killed when a chart is later than it may be, even if it reads nothing of a large one."""
    held = Held(tmp_path, script("import time; time.sleep(600)"), grace=0.3)
    large = drawing("x" * 10_000_000)
    with pytest.raises(WorkerLost, match=r"it had not answered after 0\.4 s"):
        await held.process.ask(Draw(1, "json", 0.1, "", b""), large)
    await held.gone()


async def test_one_that_is_condemned_before_it_runs(tmp_path: Path) -> None:
    """Is killed as soon as it does."""
    held = Held(tmp_path, script("import time; time.sleep(600)"))
    held.process.condemn("it is not wanted")
    await held.gone()
    assert held.log.of("chart worker lost")[0]["reason"] == "it is not wanted"


async def test_what_it_says_is_logged_within_bounds(tmp_path: Path) -> None:
    """So many lines of so many letters, however many and long they are; the last is remembered."""
    text = "import sys; [print('x' * 9_000_000 if n == 7 else n, file=sys.stderr) for n in range(5000)]; sys.exit(3)"
    held = Held(tmp_path, script(text))
    await held.gone()
    said = [line["words"] for line in held.log.of("chart worker said")]
    assert len(said) == 100 and said[6:9] == ["6", "x" * 500, "x" * 500]
    assert held.log.of("chart worker lost")[0]["reason"] == "it ended with code 3: 4999"


async def test_its_memory(tmp_path: Path) -> None:
    """Is that of all its processes, and nothing before there are any."""
    held = Held(tmp_path)
    assert await held.process.memory() == 0
    await eventually(lambda: held.process.ready, "it to be ready")
    assert await held.process.memory() > 10 << 20
    held.process.leave("the test is over")
    await held.gone()
