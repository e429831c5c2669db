"""The making of one report from beginning to end: its page is whole at every instant."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from telemetryd.charts.drawing import Drawing
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import ChartFailed
from telemetryd.model.settings import ReportsSettings, Settings
from telemetryd.reports.desk import Desk, Disk
from telemetryd.reports.progress import WAITING, Progress
from telemetryd.reports.questions import Questions
from telemetryd.reports.record import FILES, FIRST_FILES, Record
from telemetryd.reports.shelf import Shelf
from tests.oracle import events

from .conftest import HOUR, START, EngineOf
from .reading import Page
from .stand_ins import Artist, FullDisk, Queries
from .test_page import assert_stands_alone

ID = "report_1795482000_12345"


@dataclass
class Room:
    """A desk with a shelf, on a disk that can be full."""

    folder: Path
    queries: Queries
    settings: Settings = field(default_factory=Settings)
    artist: Artist = field(default_factory=Artist)
    disk: FullDisk = field(default_factory=FullDisk)
    draw: Callable[[Drawing, str], Awaitable[bytes]] | None = None
    now: float = START + HOUR
    told: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = Disk()
        self.shelf = Shelf(self.disk, str(self.folder))
        self.instrumentation = Instrumentation()
        self.record = Record(ID, self.shelf.path(ID), "running", self.now, START, START + HOUR, step=WAITING)
        self.desk = Desk(
            self.queries,
            self._draw,
            self.shelf,
            self.thread,
            lambda: self.settings,
            self.instrumentation,
            lambda: self.now,
            tick=0.01,
        )
        self.desk.lay_out(self.record)

    async def make(self) -> Record:
        return await self.desk.make(self.record, Questions.about(START, START + HOUR, 60), self.told.append)

    async def _draw(self, drawing: Drawing, form: str) -> bytes:
        return await (self.draw or self.artist.draw)(drawing, form)

    def page(self, name: str = "report.html") -> Page:
        """Return a page; it is whole and stands alone, whenever one looks."""
        read = Page.of(Path(self.shelf.file(ID, name)).read_bytes())
        assert_stands_alone(read)
        return read

    def heading(self) -> str:
        heading = self.page().one("h1").text
        assert self.page("index.html").one("h1").text == heading
        return heading

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(Path(self.shelf.file(ID, "report.json")).read_bytes())
        assert found["success"] is True
        return found


@pytest.fixture
def room(tmp_path: Path, engine_of: EngineOf) -> Iterator[Room]:
    room = Room(tmp_path / "reports", Queries(engine_of(events.life("a", START + 60, 2.0))))
    yield room
    room.thread.close()


def test_a_report_begins_with_a_page(room: Room) -> None:
    """That waits, with its style and its report.json."""
    assert sorted(os.listdir(room.shelf.path(ID))) == sorted(FIRST_FILES)
    assert room.heading() == "Report in the making"
    assert room.page().one("p", **{"class": "now"}).text.startswith("Waiting for its turn")
    assert (room.json()["status"], room.json()["progress"]) == ("running", 0.0)


async def test_it_ends_with_the_report(room: Room) -> None:
    """All its files, each listed, and its size."""
    done = await room.make()
    assert (done.status, done.progress, done.error) == ("done", 1.0, None)
    assert set(done.files) == set(FILES) == set(os.listdir(room.shelf.path(ID)))
    assert done.size == sum(each.stat().st_size for each in Path(room.shelf.path(ID)).iterdir())
    assert room.heading() == "WAL telemetry report"
    found = room.json()
    assert (found["status"], found["progress"], found["summary"]["operations"]["ended"]) == ("done", 1.0, 1)
    assert set(found["files"]) == set(FILES)
    assert room.instrumentation.counts["ReportDone"] == 1


async def test_progress_is_told_while_it_is_made(room: Room) -> None:
    """On the page, in report.json and to whoever asks: the step, how far, how long."""
    gate = asyncio.Event()

    async def draw(drawing: Drawing, form: str) -> bytes:
        if len(room.artist.drawn) >= 4:
            await gate.wait()
        return await room.artist.draw(drawing, form)

    room.draw = draw
    making = asyncio.create_task(room.make())
    step = "Drawing the charts (2 of 8)"
    # The queries go on beside the charts: they may be done sooner or later.
    while not (room.told and (shown := room.json())["step"] == step and shown["progress"] > 0.5):
        room.now += 0.5
        assert room.heading() == "Report in the making"
        await asyncio.sleep(0.005)
    assert 0.5 < room.told[-1].progress < 1 and room.told[-1].seconds > 0
    assert room.told[-1].step == step
    assert step in room.page().one("ol").text
    gate.set()
    assert (await making).status == "done"
    progress = [each.progress for each in room.told]
    assert progress == sorted(progress)
    assert room.heading() == "WAL telemetry report"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ChartFailed("chart: expected a PNG, found garbage"), "chart: expected a PNG, found garbage"),
        (OSError(5, "Input/output error"), "Expected to write the report's files, found: Input/output error."),
    ],
)
async def test_what_fails_is_said_on_the_page(room: Room, error: Exception, sentence: str) -> None:
    """In one sentence; of what was made nothing is left but that."""
    room.artist.fails["png"] = [error]
    failed = await room.make()
    assert (failed.status, failed.error, failed.files) == ("failed", sentence, FIRST_FILES)
    assert sorted(os.listdir(room.shelf.path(ID))) == sorted(FIRST_FILES)
    assert room.heading() == "This report could not be made"
    assert room.page().one("p", role="alert").text == sentence
    assert (room.json()["status"], room.json()["error"]) == ("failed", sentence)
    assert room.instrumentation.counts["ReportFailed"] == 1


async def test_a_fault_of_ours_is_for_the_log(room: Room) -> None:
    """The page says no more than that; the daemon goes on."""
    room.artist.fails["json"] = [ValueError("secret inside")]
    with capture_logs() as lines:
        failed = await room.make()
    assert failed.error is not None and "secret" not in failed.error and "log" in failed.error
    assert any("secret inside" in line.get("error", "") for line in lines)


async def test_a_full_disk_leaves_a_whole_page(room: Room) -> None:
    """What was made makes room for the page that says so."""

    async def draw(drawing: Drawing, form: str) -> bytes:
        if len(room.artist.drawn) == 10:
            room.disk.full = True
            room.disk.takes = tuple(f"{name}.tmp" for name in FIRST_FILES)
        return await room.artist.draw(drawing, form)

    room.draw = draw
    failed = await room.make()
    assert failed.error == "Expected to write the report's files, found: No space left on device."
    assert room.heading() == "This report could not be made"
    assert sorted(os.listdir(room.shelf.path(ID))) == sorted(FIRST_FILES)


async def test_a_disk_that_takes_nothing_leaves_the_page_before(room: Room) -> None:
    """It is whole, if late; what is known of the report is right."""
    room.disk.full = True
    failed = await room.make()
    assert (failed.status, failed.files) == ("failed", FIRST_FILES)
    assert room.heading() == "Report in the making"
    assert room.instrumentation.counts["ReportFailed"] == 1
    assert room.instrumentation.counts["ReportsUnkept"] >= 1


async def test_a_report_has_a_deadline(room: Room) -> None:
    """It says which step took so long."""
    room.settings = replace(Settings(), reports=replace(ReportsSettings(), timeout=0))
    room.queries.gate = asyncio.Event()
    failed = await room.make()
    assert failed.error == (
        "Expected a report within 0 s (reports.timeout), found it still at work: Reading the samples of all metrics."
    )
    assert room.heading() == "This report could not be made"


async def test_a_report_has_a_size(room: Room) -> None:
    """One that would be more than all may be is none."""
    room.settings = replace(Settings(), reports=replace(ReportsSettings(), max_size=1))
    failed = await room.make()
    assert failed.error is not None and failed.error.startswith("Expected a report of at most 1 MiB (reports.max_size)")


@pytest.mark.parametrize(("beyond", "status"), [(-2000, "done"), (2000, "failed")])
async def test_the_pages_count_for_the_size(room: Room, beyond: int, status: str) -> None:
    """What is done is never more than all may be, or it would be removed as soon as it is there."""
    size = (await room.make()).size
    most = size + (2 << 20) >> 20
    room.settings = replace(Settings(), reports=replace(ReportsSettings(), max_size=most))
    padding = (most << 20) - size + beyond

    async def draw(drawing: Drawing, form: str) -> bytes:
        more = padding if (drawing.metric_type, form) == ("queue_size", "png") else 0
        return await room.artist.draw(drawing, form) + bytes(more)

    room.draw = draw
    found = await room.make()
    assert found.status == status
    assert found.size <= most << 20
    assert status == "done" or str(found.error).startswith(f"Expected a report of at most {most} MiB")


async def test_whoever_sees_the_report_finds_its_files(room: Room) -> None:
    """They are known before the first of its pages is there, and before report.json says that it is done."""
    seen: list[tuple[str, set[str]]] = []

    def renamed(path: str) -> None:
        name, text = os.path.basename(path), Path(path).read_text(errors="replace")
        turned = '"status":"done"' in text if name == "report.json" else "<h1>WAL telemetry report" in text
        if turned and name in ("report.json", "report.html", "index.html"):
            seen.append((name, set(room.told[-1].files if room.told else FIRST_FILES)))

    room.disk.renamed = renamed
    await room.make()
    assert [name for name, _ in seen] == ["index.html", "report.html", "report.json"]
    assert all(files == set(FILES) for _, files in seen)


async def test_one_that_is_given_up_comes_back_as_it_is(room: Room) -> None:
    """Whoever gave it up knows what to do with it."""
    room.queries.gate = asyncio.Event()
    making = asyncio.create_task(room.make())
    await room.queries.reached.wait()
    await room.desk.give_up()
    found = await making
    assert (found.status, room.heading()) == ("running", "Report in the making")
    await room.desk.give_up()
    failed = await room.desk.fail(found, "stopped")
    assert (failed.status, room.heading()) == ("failed", "This report could not be made")


async def test_no_word_of_progress_comes_after_the_end(room: Room) -> None:
    """However often it is told: a page that is done stays so."""
    for number in range(20):
        assert (await room.make()).status == "done", number
        assert room.heading() == "WAL telemetry report"
        assert room.json()["status"] == "done"


def test_pages_of_progress_are_whole(room: Room) -> None:
    """At each step."""
    progress = Progress()
    for step in range(7):
        progress.begin(step)
        room.desk.write_progress(room.record, progress)
        assert room.heading() == "Report in the making"
        progress.finish(step)
