"""Images by a browser that is replaced on any doubt."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from telemetryd.charts.images import Images
from telemetryd.charts.session import Session
from telemetryd.charts.wire import BrowserEnded, BrowserStarted
from telemetryd.model.errors import ChartFailed, ChartsUnavailable, ChartTimeout
from tests.end_to_end.waiting import until

from .rendering import BROWSER, needs_browser, size_of

FIGURE = {"data": [{"y": [1, 3, 2]}], "layout": {}}


class Studio:
    """Images below a folder, the time they see, and what they tell."""

    def __init__(
        self,
        folder: Path,
        *,
        sandbox: bool = False,
        patience: float = 60.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.told: list[BrowserStarted | BrowserEnded] = []
        self._clock = clock
        self.images = Images(folder, self.told.append, sandbox=sandbox, patience=patience, clock=clock)

    def draw(self, path: str | Path, seconds: float = 60.0, figure: object = FIGURE) -> bytes:
        assert isinstance(figure, dict)
        return self.images.draw(figure, "png", 300, 200, str(path), self._clock() + seconds)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(tmp_path)
    yield studio
    studio.images.end()


def mute(folder: Path) -> Path:
    """Make a program that says nothing, and has no process but its own."""
    return program(folder / "mute", "kill -STOP $$")


def program(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def here(name: Path) -> list[int]:
    """Return the ids of the processes that run a program."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if str(name) in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@needs_browser
def test_a_browser_draws_many(studio: Studio) -> None:
    """It is told of once, and loads its page anew without anybody noticing."""
    assert {size_of(studio.draw(BROWSER)) for _ in range(30)} == {(300, 200)}
    (started,) = studio.told
    assert isinstance(started, BrowserStarted) and started.path == BROWSER


@needs_browser
def test_a_figure_that_plotly_refuses(studio: Studio) -> None:
    """It is that figure's fault: the browser stays."""
    with pytest.raises(ChartFailed, match=r"plotly\.js did not draw the figure"):
        studio.draw(BROWSER, figure={"data": 7, "layout": {}})
    assert size_of(studio.draw(BROWSER)) == (300, 200)
    assert len(studio.told) == 1


@needs_browser
def test_a_browser_that_crashes_at_its_start_is_started_again(studio: Studio, tmp_path: Path) -> None:
    """At once, for the same image."""
    browser, once = tmp_path / "browser", tmp_path / "once"
    browser.write_text(f'#!/bin/sh\n[ -e {once} ] || {{ touch {once}; kill -SEGV $$; }}\nexec {BROWSER} "$@"\n')
    browser.chmod(0o755)
    assert size_of(studio.draw(str(browser))) == (300, 200)


def test_a_browser_that_always_crashes_is_refused(studio: Studio, tmp_path: Path) -> None:
    """As any that does not start; it is not tried for ever."""
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nkill -SEGV $$\n")
    browser.chmod(0o755)
    with pytest.raises(ChartsUnavailable, match="does not start: it ended with code"):
        studio.draw(str(browser))
    assert len(studio.told) <= 4


@pytest.mark.parametrize("path", ["/bin/false", "/etc/passwd", "/nonexistent/chromium"])
def test_what_is_no_browser(tmp_path: Path, path: str) -> None:
    """The sentence has its path; it is tried again later, after twice as long each time, and not before."""
    now = [100.0]
    studio = Studio(tmp_path, clock=lambda: now[0])
    for starts, pause in ((1, 2.0), (2, 4.0), (3, 8.0)):
        for _ in range(2):
            with pytest.raises(ChartsUnavailable, match=f"the browser {path} does not start: ") as unavailable:
                studio.draw(path)
        assert unavailable.value.retry_after == pause
        assert len(studio.told) == starts
        now[0] += pause


@needs_browser
def test_another_browser_in_its_place(studio: Studio, tmp_path: Path) -> None:
    """It is taken at once, whatever is known of the one before."""
    with pytest.raises(ChartsUnavailable):
        studio.draw("/bin/false")
    assert size_of(studio.draw(BROWSER)) == (300, 200)
    same = program(tmp_path / "same", f'exec {BROWSER} "$@"')
    assert size_of(studio.draw(same)) == (300, 200)
    assert [type(each) for each in studio.told] == [BrowserEnded, BrowserStarted, BrowserEnded, BrowserStarted]


def test_a_program_that_says_nothing(tmp_path: Path) -> None:
    """It is given up after a while, and killed."""
    studio = Studio(tmp_path, patience=0.3)
    silent = mute(tmp_path)
    with pytest.raises(ChartsUnavailable, match=r"it did not answer within 0\.3 s"):
        studio.draw(silent)
    until(lambda: not here(silent), "it to be gone")


def test_a_slow_start(tmp_path: Path) -> None:
    """A chart whose time is over does not end it: the next one may have it."""
    studio = Studio(tmp_path)
    silent = mute(tmp_path)
    for _ in range(2):
        with pytest.raises(ChartTimeout, match="did not start in time"):
            studio.draw(silent, seconds=0.1)
        until(lambda: here(silent), "it to run")
    assert len(here(silent)) == 1 and not studio.told
    studio.images.end()
    until(lambda: not here(silent), "it to be gone")


@needs_browser
def test_a_machine_without_sandbox(tmp_path: Path) -> None:
    """Where none ever started in Chromium's own sandbox, one is started without."""
    studio = Studio(tmp_path, sandbox=True)
    refusing = program(
        tmp_path / "refusing",
        f'case "$*" in *--no-sandbox*) exec {BROWSER} "$@";; esac; echo No usable sandbox >&2; exit 1',
    )
    assert size_of(studio.draw(refusing)) == (300, 200)
    lost, started = studio.told
    assert isinstance(lost, BrowserEnded) and lost.reason == "it ended with code 1: No usable sandbox"
    assert isinstance(started, BrowserStarted) and not started.sandbox
    studio.images.end()


@needs_browser
def test_the_end(tmp_path: Path) -> None:
    """The browser is gone, and no other is started."""
    studio = Studio(tmp_path)
    studio.images.prepare(BROWSER)
    studio.draw(BROWSER)
    (started,) = studio.told
    assert isinstance(started, BrowserStarted)
    studio.images.end()
    session = Session(os.getsid(0))
    group = started.pid
    until(lambda: not any(each.alive and each.group == group for each in session.members()), "it to be gone")
    with pytest.raises(ChartsUnavailable, match="stopping"):
        studio.draw(BROWSER)
