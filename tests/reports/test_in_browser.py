"""A report in a real Chromium, opened from disk as somebody would who got it by mail."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from telemetryd.charts.drawing import Drawing
from telemetryd.charts.figures import figure_of
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.settings import Settings
from telemetryd.reports.jobs import Reports
from telemetryd.reports.record import Record

from .samples import MIDNIGHT, NOW, busy_day, engine
from .stand_ins import Artist, Queries

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH"),
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]
# A machine that is busy with other things is slow.
PATIENCE = 120_000


class Painter(Artist):
    """Makes real figures; its pictures are one pixel, which is enough to be shown."""

    async def draw(self, drawing: Drawing, form: str) -> bytes:
        if form == "png":
            return bytes.fromhex(
                "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f80f"
                "0001010100f7cb12a50000000049454e44ae426082"
            )
        return (await asyncio.to_thread(figure_of, drawing)).to_json().encode()


@dataclass
class Visit:
    """A page of a report, and all that it complained of and asked for."""

    page: Page
    folder: Path
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    async def open(self) -> None:
        await self.page.goto((self.folder / "report.html").as_uri(), timeout=PATIENCE)

    async def charts(self) -> int:
        """Return how many charts are drawn, once all are."""
        await self.page.wait_for_selector("html[data-charts]", timeout=PATIENCE)
        return int(await self.page.evaluate("document.documentElement.dataset.charts"))

    def assert_quiet(self) -> None:
        """It complained of nothing, and asked for nothing but its own folder."""
        assert self.complaints == []
        outside = [url for url in self.asked if not url.startswith((self.folder.as_uri(), "data:", "blob:"))]
        assert outside == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A report of a bad day, with every name in it changed so that it would do harm if it could: not to be touched."""
    events = [_hostile(event) for event in busy_day() if event["timestamp"] < MIDNIGHT + 7200]
    folder = tmp_path_factory.mktemp("made")
    known = engine(folder / "store", events, NOW)
    record = await _made(folder / "reports", Queries(known))
    known.close()
    return record


@pytest.fixture
def record(made: Record, tmp_path: Path) -> Record:
    """A copy of it, to do anything to."""
    folder = shutil.copytree(made.path, tmp_path / "report")
    return msgspec.structs.replace(made, path=str(folder))


def _hostile(event: dict[str, object]) -> dict[str, object]:
    named = {
        name: f'{event[name]}"><img src=x onerror=alert(1)>' for name in ("backend", "error_type") if event.get(name)
    }
    return event | named


async def _made(folder: Path, queries: Queries) -> Record:
    def settings() -> Settings:
        return Settings()

    reports = Reports(queries, Painter().draw, str(folder), settings, Instrumentation(), lambda: NOW, lambda span: None)
    reports.open()
    running = asyncio.create_task(reports.run())
    record = await reports.request(MIDNIGHT, MIDNIGHT + 7200)
    while reports.list()[0].status == "running":  # noqa: ASYNC110 - what is waited for happens in threads
        await asyncio.sleep(0.01)
    record = reports.list()[0]
    reports.stop()
    await running
    assert record.status == "done", record.error
    return record


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def launched() -> AsyncIterator[Browser]:
    """One browser for all tests of this module."""
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=PATIENCE)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(launched: Browser) -> AsyncIterator[Browser]:
    """The same, which has no page open before and after a test."""
    yield launched
    for context in launched.contexts:
        await context.close()


async def test_a_report_from_disk(browser: Browser, record: Record) -> None:
    """Charts are drawn in place of their pictures, and zoom together; tables sort; it prints; nothing is asked of others."""
    visit = Visit(await browser.new_page(color_scheme="dark"), Path(record.path))
    await visit.open()
    assert await visit.charts() == 8
    page = visit.page
    assert await page.locator("figure .plot .main-svg").count() >= 8
    assert not await page.locator("figure img").first.is_visible()

    # Somebody draws across a part of one chart, and all show the same hours.
    before = await page.evaluate("() => document.querySelector('#throughput .plot')._fullLayout.xaxis.range.join()")
    area = page.locator("#queue_size .nsewdrag").first
    await area.scroll_into_view_if_needed()
    box = await area.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=4)
    await page.mouse.up()
    shown = (
        """() => [...document.querySelectorAll("figure .plot")].map((plot) => String(plot._fullLayout.xaxis.range))"""
    )
    await page.wait_for_function(
        f"(before) => new Set(({shown})()).size === 1 && ({shown})()[0] !== before", arg=before, timeout=PATIENCE
    )

    # A click sorts, largest first; another turns it round.
    ended = page.locator("#series thead th", has_text="Ended")
    failed = page.locator("#series thead th", has_text="Failed")
    await failed.get_by_role("button").click()
    assert await failed.get_attribute("aria-sort") == "descending"
    column = """(at) => [...document.querySelectorAll("#series tbody tr")].map((row) => Number(row.cells[at].dataset.order))"""
    numbers = await page.evaluate(column, 4)
    assert numbers == sorted(numbers, reverse=True)
    await failed.get_by_role("button").click()
    assert await failed.get_attribute("aria-sort") == "ascending"
    assert await page.evaluate(column, 4) == sorted(numbers)
    await ended.get_by_role("button").press("Enter")
    assert await failed.get_attribute("aria-sort") is None
    assert await ended.get_attribute("aria-sort") == "descending"

    # On paper there are the pictures.
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.locator("figure img").first.is_visible()
    assert not await page.locator("figure .plot").first.is_visible()
    assert not await page.locator("nav").is_visible()
    await page.emulate_media(media="screen")
    assert (await page.pdf()).startswith(b"%PDF-")
    visit.assert_quiet()


async def test_a_report_without_javascript(browser: Browser, record: Record) -> None:
    """All is there but what moves."""
    context = await browser.new_context(java_script_enabled=False)
    visit = Visit(await context.new_page(), Path(record.path))
    await visit.open()
    assert await visit.page.locator("figure img").count() == 8
    assert await visit.page.locator("figure img").first.is_visible()
    assert await visit.page.locator("table tbody tr").count() > 10
    assert await visit.page.locator("th button").count() == 0
    visit.assert_quiet()


async def test_a_report_on_a_phone(browser: Browser, record: Record) -> None:
    """Nothing is wider than 360 pixels but the tables, which scroll by themselves."""
    visit = Visit(await browser.new_page(viewport={"width": 360, "height": 740}), Path(record.path))
    await visit.open()
    assert await visit.charts() == 8
    width = "document.documentElement.scrollWidth"
    assert await visit.page.evaluate(width) == 360
    assert await visit.page.locator("#series .scroll").evaluate("(each) => each.scrollWidth > each.clientWidth")
    visit.assert_quiet()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_report_is_for_everybody(browser: Browser, record: Record, scheme: Literal["light", "dark"]) -> None:
    """By axe's rules, in the light and in the dark."""
    usual = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    axe = Path(os.environ.get("TELEMETRYD_AXE", usual))
    assert axe.is_file(), f"expected axe-core at {axe}, found nothing: scripts/test installs it"
    visit = Visit(await browser.new_page(color_scheme=scheme), Path(record.path))
    await visit.open()
    assert await visit.charts() == 8
    await visit.page.evaluate(f"{axe.read_text()};0")
    found = await visit.page.evaluate("axe.run().then((result) => result.violations)")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


async def test_the_page_turns_into_the_report(browser: Browser, record: Record) -> None:
    """By itself, from the page of its making."""
    folder = Path(record.path)
    done = (folder / "report.html").read_bytes()
    visit = Visit(await browser.new_page(), folder)
    making = b'<!doctype html><meta http-equiv="refresh" content="1"><title>making</title><h1>Report in the making</h1>'
    (folder / "report.html").write_bytes(making)
    await visit.open()
    assert await visit.page.locator("h1").inner_text() == "Report in the making"
    (folder / "next").write_bytes(done)
    (folder / "next").rename(folder / "report.html")
    await visit.page.wait_for_function(
        "() => document.querySelector('h1')?.textContent === 'WAL telemetry report'", timeout=PATIENCE
    )
    assert await visit.charts() == 8
