"""One Chromium, and what is left of it when it is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.charts.browser import Browser, BrowserLost, FigureRefused
from telemetryd.charts.session import Session
from tests.end_to_end.waiting import until

from .rendering import BROWSER, command_line, cpu_ticks, needs_browser, size_of, stop

FIGURE = {"data": [{"y": [1, 3, 2]}], "layout": {}}
HEAVY = {"data": [{"y": [number % 7 for number in range(12_000)], "mode": "markers"}], "layout": {}}


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    threads = set(threading.enumerate())
    descriptors = len(os.listdir("/proc/self/fd"))
    browser = Browser(BROWSER, tmp_path, sandbox=False)
    assert browser.opened(60)
    yield browser
    browser.close()
    # Whatever was done to it, neither process nor thread nor file nor folder is left.
    until(lambda: not group_of(browser), "its processes to be gone")
    until(lambda: threads.issuperset(threading.enumerate()), "its threads to end")
    until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors, "its files to be closed")
    assert os.listdir(tmp_path) == ["index.html"]


def group_of(browser: Browser) -> list[int]:
    """Return the ids of the browser's processes."""
    session = Session(os.getsid(0))
    return [member.pid for member in session.members() if member.alive and member.group == browser.pid]


@needs_browser
def test_it_draws(browser: Browser) -> None:
    """Images of the size that was asked for; its processes are in our session and in a group of their own."""
    assert size_of(browser.draw(FIGURE, "png", 301, 202, 60)) == (301, 202)
    assert browser.draw(FIGURE, "svg", 301, 202, 60).startswith(b"<svg")
    assert browser.alive and len(group_of(browser)) > 4 and os.getpgid(0) != browser.pid


@needs_browser
def test_the_same_figure_gives_the_same_bytes(browser: Browser) -> None:
    """Whatever was drawn in between, refused figures included: nothing of one gets into another."""
    first = browser.draw(FIGURE, "png", 300, 200, 60)
    with pytest.raises(FigureRefused):
        browser.draw({"data": 7, "layout": {}}, "png", 300, 200, 60)
    other = {"data": [{"type": "bar", "y": [5, 1]}], "layout": {"title": {"text": "another"}, "template": {}}}
    assert browser.draw(other, "png", 300, 200, 60) != first
    assert browser.draw(FIGURE, "png", 300, 200, 60) == first


@needs_browser
@pytest.mark.parametrize("victim", ["browser", "page"])
@pytest.mark.parametrize("drawing", [False, True], ids=["idle", "drawing"])
def test_it_is_killed(browser: Browser, victim: str, drawing: bool) -> None:
    """Whoever waits knows at once, and whoever comes after."""
    page = next(pid for pid in group_of(browser) if b"--type=renderer" in command_line(pid))
    before = cpu_ticks(page)

    def kill() -> None:
        if drawing:
            until(lambda: cpu_ticks(page) > before + 5, "the page to draw")
        os.kill({"browser": browser.pid, "page": page}[victim], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    if not drawing:
        killer.join()
    with pytest.raises(BrowserLost):
        browser.draw(HEAVY, "png", 300, 200, 110)
    killer.join()
    with pytest.raises(BrowserLost):
        browser.draw(FIGURE, "png", 300, 200, 60)
    assert not browser.alive


@needs_browser
def test_it_is_stopped(browser: Browser) -> None:
    """No longer than it is told to is waited for it, a large figure and the end included."""
    for pid in group_of(browser):
        stop(pid)
    large = {"data": [{"y": [0.123456789] * 500_000}], "layout": {}}
    with pytest.raises(TimeoutError):
        browser.draw(large, "png", 300, 200, 0.2)
    browser.close(0.2)


@needs_browser
def test_more_than_chromium_can_draw(browser: Browser) -> None:
    """Comes back as garbage without an error, or ends the page where memory is short; either is noticed."""
    with pytest.raises(BrowserLost, match=r"no png of 20000 × 20000|its page crashed"):
        browser.draw(FIGURE, "png", 20_000, 20_000, 110)


@needs_browser
def test_a_polite_end(browser: Browser) -> None:
    """It ends by itself; a second end changes nothing."""
    browser.close(30)
    browser.close()
    assert not browser.alive


def test_its_last_words(tmp_path: Path) -> None:
    """Of one that does not start the last line is told, however many it says."""
    babbling = tmp_path / "babbling"
    babbling.write_text("#!/bin/sh\nfor number in $(seq 5000); do echo $number; done >&2\nexit 1\n")
    babbling.chmod(0o755)
    browser = Browser(str(babbling), tmp_path, sandbox=False)
    with pytest.raises(BrowserLost, match=r"it ended with code 1: 5000$"):
        browser.opened(60)
    browser.close()
