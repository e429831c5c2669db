"""The renderer with its process and a real Chromium: charts come, or say why not, and nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from html import escape
from pathlib import Path

import msgspec
import pytest

from telemetryd.charts.drawing import FORMATS, Look
from telemetryd.charts.worker_process import COMMAND
from telemetryd.model.errors import Busy, ChartFailed, ChartsUnavailable, ChartTimeout
from telemetryd.model.metrics import METRIC_TYPES
from tests.end_to_end.waiting import until

from . import samples
from .rendering import alive, eventually, needs_browser, rendering, size_of, stop
from .stand_in import drawing

NOWHERE = {**os.environ, "PATH": "/nonexistent"}
DAEMON = """
import asyncio, sys
from pathlib import Path
from tests.charts.rendering import rendering
from tests.charts.stand_in import drawing

async def main():
    async with rendering(Path(sys.argv[1])) as watched:
        await watched.draw(drawing(), "png")
        print(watched.worker, flush=True)
        await watched.draw(drawing("hang"), "png")

asyncio.run(main())
"""


@needs_browser
async def test_a_chart_comes_in_every_format(tmp_path: Path) -> None:
    """PNG, SVG, a page, and the figure itself."""
    async with rendering(tmp_path) as watched:
        charts = {form: await watched.draw(drawing(), form) for form in FORMATS}
    assert size_of(charts["png"]) == (400, 300)
    assert charts["svg"].startswith(b'<svg class="main-svg"') and b'width="400" height="300"' in charts["svg"]
    assert charts["html"].lower().startswith(b"<!doctype html>")
    assert list(json.loads(charts["json"])) == ["data", "layout"]


@needs_browser
async def test_every_metric(tmp_path: Path) -> None:
    """With the real figures: its figure, its page with the figure's own title, and its image."""
    async with rendering(tmp_path, command=COMMAND) as watched:
        for metric_type in METRIC_TYPES:
            asked = samples.drawing(metric_type, look=Look(800, 500))
            png, html, figure = await asyncio.gather(*(watched.draw(asked, form) for form in ("png", "html", "json")))
            assert size_of(png) == (800, 500)
            title = json.loads(figure)["layout"]["meta"]["title"]
            assert f"<title>{escape(title)}".encode() in html
        assert not watched.log.of("chart worker said")


@needs_browser
async def test_a_png_has_just_the_size_that_was_asked_for(tmp_path: Path) -> None:
    """To the pixel; beyond the bounds, that of the bounds."""
    async with rendering(tmp_path) as watched:
        for width, height in ((100, 100), (1201, 799), (4000, 300)):
            assert size_of(await watched.draw(drawing("", width, height), "png")) == (width, height)
        assert size_of(await watched.draw(drawing("", 3, 20_000), "png")) == (100, 4000)


@needs_browser
async def test_eight_at_once(tmp_path: Path) -> None:
    """Each gets its own, from one process with one browser."""
    async with rendering(tmp_path) as watched:
        sizes = [(200 + number, 300) for number in range(8)]
        charts = await asyncio.gather(*(watched.draw(drawing("", *size), "png") for size in sizes))
        assert [size_of(chart) for chart in charts] == sizes
        assert len(watched.log.of("chart worker started")) == len(watched.log.of("chart browser started")) == 1
        assert watched.counts["ChartDrawn"] == 8


async def test_without_a_browser(tmp_path: Path) -> None:
    """PNG and SVG say what to install; the others need none, and none is started."""
    async with rendering(tmp_path, NOWHERE) as watched:
        assert watched.renderer.browser() is None
        for form in ("png", "svg"):
            with pytest.raises(ChartsUnavailable, match=r"apt install chromium-headless-shell.*charts\.browser"):
                await watched.draw(drawing(), form)
        assert not watched.log.of("chart worker started")
        assert json.loads(await watched.draw(drawing(), "json"))["layout"]["title"] == {"text": "queue_size"}
        assert (await watched.draw(drawing(), "html")).lower().startswith(b"<!doctype html>")
        assert alive(watched.worker) == [watched.worker]


@needs_browser
async def test_a_browser_that_is_installed_is_found_at_the_next_chart(tmp_path: Path) -> None:
    """Without a restart."""
    tools = tmp_path / "bin"
    tools.mkdir()
    async with rendering(tmp_path, {**os.environ, "PATH": str(tools)}) as watched:
        with pytest.raises(ChartsUnavailable):
            await watched.draw(drawing(), "png")
        (tools / "chromium").write_text(f'#!/bin/sh\nPATH={os.environ["PATH"]} exec chromium-headless-shell "$@"\n')
        (tools / "chromium").chmod(0o755)
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)
        assert watched.renderer.browser() == str(tools / "chromium")


async def test_a_browser_that_does_not_start(tmp_path: Path) -> None:
    """The sentence says which and why; until it is worth another try, the answer comes without one."""
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
    broken.chmod(0o755)
    async with rendering(tmp_path, browser=str(broken)) as watched:
        # At once, so that the second has its answer before it is time to try again.
        asked = asyncio.gather(*(watched.draw(drawing(), "png") for _ in range(2)), return_exceptions=True)
        for refused in await asked:
            assert isinstance(refused, ChartsUnavailable)
            assert "chromium does not start: it ended with code 127: error while" in str(refused)
        assert watched.counts["ChartBrowserLost"] == 1
        assert json.loads(await watched.draw(drawing(), "json"))


@needs_browser
async def test_a_browser_killed_between_charts(tmp_path: Path) -> None:
    """The next chart is drawn by another, whether or not anybody noticed."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        os.killpg(watched.browser, signal.SIGKILL)
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)
        browser = watched.browser
        os.kill(browser, signal.SIGKILL)
        await eventually(lambda: browser not in alive(watched.worker), "the browser to be gone")
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)
        assert len(watched.log.of("chart browser started")) == 3
        assert len(watched.log.of("chart worker started")) == 1


@needs_browser
@pytest.mark.parametrize("victim", ["browser", "page"])
async def test_a_browser_killed_while_it_draws(tmp_path: Path, victim: str) -> None:
    """The chart is drawn by another, and whoever asked does not notice; nor do those behind it."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        charts = asyncio.gather(*(watched.draw(drawing(does), "png") for does in ("heavy", "", "")))
        await watched.drawing_in_page()
        os.kill(getattr(watched, victim), signal.SIGKILL)
        assert [size_of(chart) for chart in await charts] == [(400, 300)] * 3
        assert watched.counts["ChartBrowserLost"] == 1
        assert len(watched.log.of("chart worker started")) == 1


@needs_browser
async def test_a_browser_that_hangs(tmp_path: Path) -> None:
    """A chart ends by its deadline, and the browser with it; the next is drawn by another."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        stopped = watched.browser
        for pid in alive(watched.worker):
            if pid != watched.worker:
                stop(pid)
        with pytest.raises(ChartTimeout, match=r"longer than 1 s \(charts\.timeout\)"):
            await watched.draw(drawing(), "png", timeout=1)
        assert size_of(await watched.draw(drawing(), "png", timeout=110)) == (400, 300)
        await eventually(lambda: stopped not in alive(watched.worker), "the stopped one to be gone")
        assert len(watched.log.of("chart worker started")) == 1


@needs_browser
async def test_a_process_killed_while_idle(tmp_path: Path) -> None:
    """Its browser and its folder go with it, and the next chart is drawn by another."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        killed = watched.worker
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: not alive(killed) and not watched.folders, "its browser and folder to be gone")
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)
        assert [line["reason"] for line in watched.log.of("chart worker lost")] == ["it ended with code -9"]


@needs_browser
async def test_a_process_killed_while_it_draws(tmp_path: Path) -> None:
    """What it owed is drawn by another, and whoever asked does not notice."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        killed = watched.worker
        charts = asyncio.gather(*(watched.draw(drawing(does), "png") for does in ("heavy", "", "", "", "")))
        await watched.drawing_in_page()
        os.kill(killed, signal.SIGKILL)
        assert [size_of(chart) for chart in await charts] == [(400, 300)] * 5
        assert not alive(killed)
        assert [line["reason"] for line in watched.log.of("chart worker started")][1] == "it ended with code -9"


async def test_a_chart_that_kills_its_process(tmp_path: Path) -> None:
    """It is tried twice and given up; the next ones come."""
    async with rendering(tmp_path, NOWHERE) as watched:
        with pytest.raises(ChartFailed, match="lost 2 times over the chart, the last time because it ended with code"):
            await watched.draw(drawing("die"), "json")
        assert await watched.draw(drawing(), "json")
        assert len(watched.log.of("chart worker started")) == 3


async def test_a_process_that_does_not_start(tmp_path: Path) -> None:
    """The sentence has the last line it said; it is tried again after a while, not at each chart."""
    command = (sys.executable, "-c", "raise SystemExit('no module named plotly')")
    now = [100.0]
    async with rendering(tmp_path, NOWHERE, command, clock=lambda: now[0]) as watched:
        for starts, later in ((2, 0.0), (2, 0.0), (2, 1.0), (3, 0.0)):
            with pytest.raises(ChartsUnavailable, match="does not start: it ended with code 1: no module named plotly"):
                await watched.draw(drawing(), "json")
            assert len(watched.log.of("chart worker started")) == starts
            now[0] += later


async def test_a_fault_of_a_figure(tmp_path: Path) -> None:
    """It is that chart's alone, and the log has the traceback."""
    async with rendering(tmp_path, NOWHERE) as watched:
        wrong = watched.draw(drawing("wrong"), "json")
        failed, drawn = await asyncio.gather(wrong, watched.draw(drawing(), "json"), return_exceptions=True)
        assert isinstance(failed, ChartFailed) and "ValueError: a fault of ours" in str(failed)
        assert isinstance(drawn, bytes)
        await eventually(lambda: "figure_for" in str(watched.log.of("chart worker said")), "the traceback")
        assert len(watched.log.of("chart worker started")) == 1


async def test_a_figure_that_hangs(tmp_path: Path) -> None:
    """It ends by its deadline, and its process soon after; the charts behind it are drawn by another."""
    # By a clock that stands still a chart has just as long as it is said to have.
    async with rendering(tmp_path, NOWHERE, grace=0.5, clock=lambda: 0.0) as watched:
        with pytest.raises(ChartTimeout):
            await watched.draw(drawing("hang"), "json", timeout=1)
        behind = await asyncio.gather(*(watched.draw(drawing(), "json", timeout=110) for _ in range(3)))
        assert len(behind) == 3
        assert [line["reason"] for line in watched.log.of("chart worker lost")] == ["it had not answered after 1.5 s"]


async def test_a_process_that_is_stopped(tmp_path: Path) -> None:
    """One that reads nothing and says nothing is killed as one that hangs."""
    async with rendering(tmp_path, NOWHERE, grace=0.5) as watched:
        await watched.draw(drawing(), "json")
        os.kill(watched.worker, signal.SIGSTOP)
        with pytest.raises(ChartTimeout):
            await watched.draw(drawing(), "json", timeout=1)
        assert await watched.draw(drawing(), "json", timeout=110)


async def test_a_cancelled_chart(tmp_path: Path) -> None:
    """Whoever goes away is free at once, and leaves room for others."""
    async with rendering(tmp_path, NOWHERE, max_queue=4) as watched:
        charts = [asyncio.create_task(watched.draw(drawing("hang"), "json")) for _ in range(4)]
        await eventually(lambda: watched.log.of("chart worker started"), "a process")
        with pytest.raises(Busy, match=r"4 charts .* \(charts\.max_queue\)"):
            await watched.draw(drawing(), "json")
        for chart in charts:
            chart.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*charts, return_exceptions=True)
        )
        os.kill(watched.worker, signal.SIGKILL)
        assert await watched.draw(drawing(), "json")
        assert watched.counts["ChartDrawn"] == 1


async def test_too_many(tmp_path: Path) -> None:
    """More than may wait are refused at once; what waits is drawn."""
    async with rendering(tmp_path, NOWHERE, max_queue=3) as watched:
        charts = await asyncio.gather(*(watched.draw(drawing(), "json") for _ in range(7)), return_exceptions=True)
        assert [type(chart) for chart in charts] == [bytes] * 3 + [Busy] * 4
        assert watched.counts["ChartNotDrawn"] == 0


@needs_browser
async def test_idle(tmp_path: Path) -> None:
    """After a while without a chart neither process nor folder is left; the next chart starts anew."""
    async with rendering(tmp_path, idle_stop=0.1) as watched:
        await watched.draw(drawing(), "png")
        assert len(alive(watched.worker)) > 4
        first = watched.worker
        await eventually(lambda: watched.log.of("chart worker ended"), "the process to end")
        await eventually(lambda: not watched.folders, "its folder to be gone")
        assert not alive(first)
        assert await watched.draw(drawing(), "json")
        reason = "no chart was asked for in 0.1 s"
        assert watched.log.of("chart worker ended")[0] == {"reason": reason, "pid": first, "charts": 1}
        assert [line["reason"] for line in watched.log.of("chart worker started")] == ["the first chart", reason]


@needs_browser
async def test_replacement_after_so_many_images(tmp_path: Path) -> None:
    """The new one takes new charts while the old one finishes what it has; nobody notices."""
    async with rendering(tmp_path, max_charts=3) as watched:
        charts = await asyncio.gather(*(watched.draw(drawing(), "png") for _ in range(8)))
        assert [size_of(chart) for chart in charts] == [(400, 300)] * 8
        assert 2 <= len(watched.log.of("chart worker started")) <= 3
        await eventually(lambda: watched.log.of("chart worker ended"), "the first to end")
        assert "images were drawn" in watched.log.of("chart worker ended")[0]["reason"]
        assert not watched.log.of("chart worker lost")


@needs_browser
async def test_replacement_above_so_much_memory(tmp_path: Path) -> None:
    """The browser's counts too."""
    async with rendering(tmp_path, max_memory=200) as watched:
        while not watched.log.of("chart worker ended"):
            assert size_of(await watched.draw(drawing("", 2000, 2000), "png")) == (2000, 2000)
        assert "above 200 (charts.max_memory)" in watched.log.of("chart worker ended")[0]["reason"]
        assert size_of(await watched.draw(drawing(), "png")) == (400, 300)


@needs_browser
async def test_the_end_while_charts_are_drawn(tmp_path: Path) -> None:
    """Whoever waits is told; nothing is left."""
    async with rendering(tmp_path) as watched:
        await watched.draw(drawing(), "png")
        charts = [asyncio.create_task(watched.draw(drawing("heavy"), "png")) for _ in range(6)]
        await watched.drawing_in_page()
    ends = await asyncio.gather(*charts, return_exceptions=True)
    assert {str(end) for end in ends if not isinstance(end, bytes)} == {"the daemon is stopping"}
    assert not watched.log.of("chart worker lost")
    assert not watched.counts["ChartBrowserLost"]
    with pytest.raises(ChartsUnavailable, match="stopping"):
        await watched.draw(drawing(), "json")


@needs_browser
def test_a_daemon_that_is_killed(tmp_path: Path) -> None:
    """Neither process nor folder is left, whatever was under way."""
    command = [sys.executable, "-c", DAEMON, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}) as daemon:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        assert len(alive(worker)) > 4 and os.listdir(tmp_path / "work")
        daemon.kill()
    until(lambda: not alive(worker) and not os.listdir(tmp_path / "work"), "processes and folder to be gone")


async def test_what_a_killed_machine_left_is_swept(tmp_path: Path) -> None:
    """At the start; what is beside it stays."""
    (tmp_path / "work" / "old" / "Default").mkdir(parents=True)
    (tmp_path / "cache").mkdir()
    async with rendering(tmp_path) as watched:
        assert not watched.folders
    assert os.listdir(tmp_path) == ["cache"]


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The chart says so."""
    (tmp_path / "charts").write_text("not a folder")
    async with rendering(tmp_path / "charts", NOWHERE) as watched:
        with pytest.raises(ChartsUnavailable, match=r"it could not be started: .*Not a directory"):
            await watched.draw(drawing(), "json")


async def test_a_big_drawing(tmp_path: Path) -> None:
    """Tens of megabytes go through."""
    big = msgspec.structs.replace(
        drawing(), timestamp=bytes(8_000_000), statistics={"mean": bytes(8_000_000), "max": bytes(8_000_000)}
    )
    async with rendering(tmp_path, NOWHERE) as watched:
        assert await watched.draw(big, "json")
