"""The reports: asked for, made one at a time, listed, read, removed, kept within their limits."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import Busy, ChartFailed, ChartsUnavailable, StorageUnavailable, UnknownReport
from telemetryd.model.settings import ReportsSettings, Settings, TelemetrySettings
from telemetryd.model.timerange import DAY, TimeRange
from telemetryd.reports.desk import STOPPED
from telemetryd.reports.jobs import Reports
from telemetryd.reports.record import FILES, FIRST_FILES, REPORT_ID, Record
from telemetryd.storage.files import Files
from tests.oracle import events

from .conftest import HOUR, START, EngineOf
from .reading import Page
from .stand_ins import Artist, FullDisk, Queries

PATIENCE = 60.0


@dataclass
class House:
    """Reports on a real disk, over an engine that knows one operation, on a clock that a test turns."""

    folder: Path
    queries: Queries
    artist: Artist = field(default_factory=Artist)
    settings: Settings = field(default_factory=Settings)
    disk: Files = field(default_factory=Files)
    word: str | None = None
    may_remove: bool = True
    now: float = START + HOUR + 0.5

    def __post_init__(self) -> None:
        self.instrumentation = Instrumentation()
        self.fingerprinted: list[TimeRange] = []
        self.open()

    def open(self) -> Reports:
        """Begin anew, as a start of the daemon does."""
        self.reports = Reports(
            self.queries,
            self.artist.draw,
            str(self.folder),
            lambda: self.settings,
            self.instrumentation,
            lambda: self.now,
            self._fingerprint,
            lambda: self.may_remove,
            self.disk,
        )
        self.reports.open()
        return self.reports

    def _fingerprint(self, span: TimeRange) -> str | None:
        self.fingerprinted.append(span)
        return self.word

    def limits(self, **values: int) -> None:
        self.settings = replace(self.settings, reports=replace(ReportsSettings(), **values))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reports.run())
        try:
            yield
        finally:
            self.reports.stop()
            await asyncio.wait_for(task, PATIENCE)

    async def request(self, start: float = START, end: float = START + HOUR) -> Record:
        return await self.reports.request(start, end)

    def record(self, report_id: str) -> Record:
        return next(each for each in self.reports.list() if each.report_id == report_id)

    async def ended(self, report_id: str) -> Record:
        """Return what is known of a report once it is no longer made."""
        await until(lambda: self.record(report_id).status != "running")
        return self.record(report_id)

    async def made(self, **asked: float) -> Record:
        return await self.ended((await self.request(**asked)).report_id)

    def heading(self, report_id: str, name: str = "report.html") -> str:
        return Page.of(Path(self.reports.file(report_id, name)).read_bytes()).one("h1").text

    def counted(self, kind: str) -> int:
        return self.instrumentation.counts[kind]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for happens in threads
            await asyncio.sleep(0.005)


@pytest.fixture
def house(tmp_path: Path, engine_of: EngineOf) -> House:
    return House(tmp_path / "reports", Queries(engine_of(events.life("a", START + 60, 2.0))))


async def test_a_request_is_answered_at_once(house: House) -> None:
    """Its page is there, though nobody makes reports yet; its files are those that are there."""
    record = await house.request()
    assert REPORT_ID.fullmatch(record.report_id) and record.report_id.startswith(f"report_{START + HOUR}_")
    assert (record.status, record.path, record.created) == (
        "running",
        str(house.folder / record.report_id),
        house.now,
    )
    assert set(record.files) == set(os.listdir(record.path)) == set(FIRST_FILES)
    assert house.heading(record.report_id) == house.heading(record.report_id, "index.html") == "Report in the making"


async def test_a_range_is_widened_to_whole_intervals(house: House) -> None:
    """As the queries are."""
    record = await house.request(START + 1, START + 61)
    assert (record.start_time, record.end_time) == (START, START + 120)


async def test_a_report_is_made(house: House) -> None:
    """And listed with all its files."""
    async with house.running():
        record = await house.made()
    assert (record.status, record.progress, record.error) == ("done", 1.0, None)
    assert set(record.files) == set(FILES)
    for name in FILES:
        assert Path(house.reports.file(record.report_id, name)).is_file()
    assert house.heading(record.report_id) == "WAL telemetry report"


async def test_reports_are_made_one_at_a_time_in_order(house: House) -> None:
    """The first that was asked for first."""
    house.queries.gate = asyncio.Event()
    async with house.running():
        first, second = await house.request(), await house.request()
        await house.queries.reached.wait()
        assert len(house.queries.asked) == 1
        house.queries.gate.set()
        await house.ended(second.report_id)
        assert house.record(first.report_id).status == "done"


async def test_the_newest_is_listed_first(house: House) -> None:
    """By when it was asked for."""
    ids = []
    for _ in range(3):
        ids.append((await house.request()).report_id)
        house.now += 1
    assert [each.report_id for each in house.reports.list()] == ids[::-1]


async def test_too_many_are_refused(house: House) -> None:
    """Those made and those waiting count; whoever is refused may come again."""
    house.limits(max_queue=2)
    house.queries.gate = asyncio.Event()
    async with house.running():
        await house.request()
        await house.queries.reached.wait()
        await house.request()
        with pytest.raises(Busy, match="at most 2"):
            await house.request()
        assert len(os.listdir(house.folder)) == 2
        house.queries.gate.set()
        await until(lambda: all(each.status == "done" for each in house.reports.list()))
        await house.request()


async def test_nothing_is_left_of_one_that_cannot_be_begun(house: House) -> None:
    """Whatever the reason, here a range that has no dates: nobody would list it, count it or remove it."""
    with pytest.raises((OverflowError, ValueError)):
        await house.request(START, 10.0**12)
    assert list(house.reports.list()) == os.listdir(house.folder) == []


async def test_requests_at_the_same_time_each_get_their_report(house: House) -> None:
    """None is lost, and no more than may be are taken."""
    house.limits(max_queue=5)
    found = await asyncio.gather(*(house.request() for _ in range(8)), return_exceptions=True)
    records = [each for each in found if isinstance(each, Record)]
    assert len({each.report_id for each in records}) == 5
    assert sum(isinstance(each, Busy) for each in found) == 3


async def test_equal_requests_for_what_cannot_change_share_a_report(house: House) -> None:
    """While it waits, while it is made, when it is done, and after a restart."""
    house.word = "sealed"
    first, second = await asyncio.gather(house.request(), house.request())
    assert first == second
    async with house.running():
        done = await house.ended(first.report_id)
        assert await house.request() == done
    house.open()
    assert (await house.request()).report_id == first.report_id
    assert house.fingerprinted[0] == TimeRange(START, START + HOUR)


async def test_what_may_have_changed_is_made_anew(house: House) -> None:
    """Another range, another word, none, another width of a sample."""
    ids = {(await house.request()).report_id, (await house.request()).report_id}
    for house.word in ("one", "another"):
        ids |= {(await house.request()).report_id, (await house.request(START, START + 120)).report_id}
    house.settings = replace(house.settings, telemetry=replace(TelemetrySettings(), sampling_interval=30))
    ids.add((await house.request()).report_id)
    assert len(ids) == 7


async def test_one_that_failed_is_not_shared(house: House) -> None:
    """Whoever asks again wants another."""
    house.word = "sealed"
    house.artist.fails["json"] = [ChartFailed("a fault")]
    async with house.running():
        failed = await house.made()
        assert failed.status == "failed"
        assert (await house.made()).status == "done"


async def test_one_without_pictures_is_not_shared_when_done(house: House) -> None:
    """By now there may be a browser."""
    house.word = "sealed"
    house.artist.fails["png"] = [ChartsUnavailable("no browser; install chromium-headless-shell")] * 8
    async with house.running():
        assert (await house.made()).status == "done"
        house.artist.fails.clear()
        assert set((await house.made()).files) == set(FILES)
    assert len(house.reports.list()) == 2


async def test_one_failure_keeps_none_of_the_others(house: House) -> None:
    """The next report is made."""
    house.queries.fails = [RuntimeError("a bug")]
    async with house.running():
        assert (await house.made()).status == "failed"
        assert (await house.made()).status == "done"


NAMES = (
    "../report.json",
    "..",
    ".",
    "",
    "/etc/passwd",
    "report.html/",
    "./report.html",
    "report.html\x00",
    "%2e%2e/report.json",
    "REPORT.HTML",
    "report.html.tmp",
    "secret",
    "sub/report.html",
    "..\\report.html",
    "x" * 5000,
)


@pytest.mark.parametrize("name", NAMES)
async def test_only_listed_names_are_files(house: House, name: str) -> None:
    """Whatever lies in the folder, and however a name is played with."""
    record = await house.request()
    Path(record.path, "secret").write_text("secret")
    Path(record.path, "sub").mkdir()
    Path(record.path, "sub", "report.html").write_text("secret")
    with pytest.raises(UnknownReport):
        house.reports.file(record.report_id, name)


@pytest.mark.parametrize(
    "report_id", ["", ".", "..", "/", "report_1_10000", "../reports/{id}", "{id}/", "{id}/../{id}"]
)
async def test_only_known_ids_are_reports(house: House, report_id: str) -> None:
    """An id is looked up, and never made a path of."""
    record = await house.request()
    asked = report_id.format(id=record.report_id)
    with pytest.raises(UnknownReport):
        house.reports.file(asked, "report.html")
    with pytest.raises(UnknownReport):
        await house.reports.remove(asked)
    assert Path(record.path).is_dir()


async def test_files_of_another_report_are_its_own(house: House) -> None:
    """A file that this one has not yet is no file of it, whoever else has it."""
    async with house.running():
        done = await house.made()
    waiting = await house.request()
    assert house.reports.file(done.report_id, "data.csv")
    with pytest.raises(UnknownReport):
        house.reports.file(waiting.report_id, "data.csv")


async def test_links_are_not_followed(house: House, tmp_path: Path) -> None:
    """Whoever put one in place of a file, or of a report's folder."""
    async with house.running():
        record = await house.made()
    (tmp_path / "secret").write_text("secret")
    Path(record.path, "data.csv").unlink()
    Path(record.path, "data.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(UnknownReport):
        house.reports.file(record.report_id, "data.csv")
    Path(record.path).rename(tmp_path / "moved")
    Path(record.path).symlink_to(tmp_path / "moved")
    with pytest.raises(UnknownReport):
        house.reports.file(record.report_id, "report.html")


async def test_a_report_is_removed(house: House) -> None:
    """With its folder; a second time there is none."""
    async with house.running():
        record = await house.made()
        await house.reports.remove(record.report_id)
        assert list(house.reports.list()) == [] and os.listdir(house.folder) == []
        with pytest.raises(UnknownReport):
            await house.reports.remove(record.report_id)
    assert house.counted("ReportRemoved") == 1


async def test_one_that_waits_is_not_made_when_removed(house: House) -> None:
    """The others are."""
    house.queries.gate = asyncio.Event()
    async with house.running():
        first, second, third = [await house.request() for _ in range(3)]
        await house.queries.reached.wait()
        await house.reports.remove(second.report_id)
        house.queries.gate.set()
        await house.ended(third.report_id)
        assert sorted(os.listdir(house.folder)) == sorted({first.report_id, third.report_id})
        assert house.counted("ReportDone") == 2


async def test_one_that_is_made_is_given_up_when_removed(house: House) -> None:
    """Its work ends, its folder goes, and the next one is made."""
    house.queries.gate = asyncio.Event()
    async with house.running():
        first, second = await house.request(), await house.request()
        await house.queries.reached.wait()
        await house.reports.remove(first.report_id)
        assert os.listdir(house.folder) == [second.report_id]
        house.queries.gate.set()
        assert (await house.ended(second.report_id)).status == "done"
        assert os.listdir(house.folder) == [second.report_id]
        assert house.counted("ReportFailed") == 0


async def test_a_stop_says_so_on_the_pages(house: House) -> None:
    """Of the one that is made and of those that wait."""
    house.queries.gate = asyncio.Event()
    async with house.running():
        ids = [(await house.request()).report_id for _ in range(3)]
        await house.queries.reached.wait()
    for report_id in ids:
        assert (house.record(report_id).status, house.record(report_id).error) == ("failed", STOPPED)
        assert house.heading(report_id) == "This report could not be made"
    house.open()
    assert {each.status for each in house.reports.list()} == {"failed"}


async def test_a_stop_before_anything_is_made(house: House) -> None:
    """It ends at once."""
    async with house.running():
        pass
    house.open()
    async with house.running():
        await asyncio.sleep(0)


async def test_reports_outlive_a_restart(house: House) -> None:
    """As they were, with their files."""
    async with house.running():
        done = await house.made()
    house.open()
    assert list(house.reports.list()) == [done]
    assert house.reports.file(done.report_id, "report.html")


async def test_one_that_was_cut_short_is_told_to_have_failed(house: House) -> None:
    """Its page says so, and nothing of a half report is left."""
    record = await house.request()
    Path(record.path, "queue_size.png").write_bytes(b"half of it")
    Path(record.path, "data.csv.tmp").write_bytes(b"half of it")
    house.open()
    found = house.record(record.report_id)
    assert (found.status, found.error, found.files) == ("failed", STOPPED, FIRST_FILES)
    assert house.heading(record.report_id) == "This report could not be made"
    assert sorted(os.listdir(record.path)) == sorted(FIRST_FILES)
    assert json.loads(Path(record.path, "report.json").read_bytes())["status"] == "failed"


async def test_one_that_was_cut_short_at_its_last_file_is_told_so(house: House) -> None:
    """The page was whole, report.json not there yet: what the two say is one again."""
    async with house.running():
        record = await house.made()
    path = Path(record.path, "report.json")
    path.write_bytes(path.read_bytes().replace(b'"status":"done"', b'"status":"running"'))
    house.open()
    assert house.record(record.report_id).status == "failed"
    assert house.heading(record.report_id) == "This report could not be made"


async def test_what_is_no_report_is_left_alone(house: House) -> None:
    """Damaged ones and other folders stay as they are, and are not listed."""
    record = await house.request()
    Path(record.path, "report.json").write_bytes(b"{damaged")
    (house.folder / "notes").mkdir()
    house.open()
    assert list(house.reports.list()) == []
    assert house.counted("ReportPassedOver") == 1
    assert Path(record.path, "report.json").read_bytes() == b"{damaged"
    assert (house.folder / "notes").is_dir()


async def test_a_file_that_is_gone_is_not_listed(house: House) -> None:
    """Whoever took it away."""
    async with house.running():
        record = await house.made()
    Path(record.path, "queue_size.png").unlink()
    house.open()
    assert set(house.record(record.report_id).files) == set(FILES) - {"queue_size.png"}


async def test_a_folder_that_cannot_be_read_stops_no_start(house: House, tmp_path: Path) -> None:
    """It is told, and there are no reports."""
    house.folder = tmp_path / "a file"
    house.folder.write_text("not a folder")
    assert list(house.open().list()) == []
    assert house.counted("ReportsUnkept") == 1
    with pytest.raises(StorageUnavailable):
        await house.request()


async def test_old_reports_go(house: House) -> None:
    """As the samples do, days after they were made."""
    async with house.running():
        old = await house.made()
        house.now += DAY
        young = await house.made()
        await house.reports.keep(old.created + 30 * DAY)
        assert [each.report_id for each in house.reports.list()] == [young.report_id]
        assert os.listdir(house.folder) == [young.report_id]


async def test_the_oldest_go_where_all_are_too_large(house: House) -> None:
    """Looked at after each report, by itself."""
    async with house.running():
        first = await house.made()
        house.limits(max_size=int(first.size * 2.5) >> 20)
        ids = [first.report_id]
        for _ in range(4):
            house.now += 1
            ids.append((await house.made()).report_id)
        await until(lambda: len(house.reports.list()) < 3)
        kept = [each.report_id for each in house.reports.list()]
    assert kept == ids[: -len(kept) - 1 : -1]
    assert sum(each.size for each in house.reports.list()) <= house.settings.reports.max_size << 20


async def test_nothing_goes_while_the_retention_is_unknown(house: House) -> None:
    """Settings that cannot be read are no reason to remove anything."""
    house.may_remove = False
    async with house.running():
        record = await house.made()
        await house.reports.keep(record.created + 1000 * DAY)
        assert house.record(record.report_id) == record


class StuckDisk(Files):
    """A disk that gives no folder another name while ``stuck``."""

    stuck = False

    def rename(self, old: str, new: str) -> None:
        if self.stuck and new.endswith(".removed"):
            raise OSError(13, "Permission denied", old)
        super().rename(old, new)


async def test_one_that_cannot_be_removed_is_still_there(house: House) -> None:
    """Whoever asked is told; the others are kept in order all the same."""
    house.disk = disk = StuckDisk()
    house.open()
    async with house.running():
        record = await house.made()
        disk.stuck = True
        with pytest.raises(StorageUnavailable, match="Permission denied"):
            await house.reports.remove(record.report_id)
        assert msgspec.structs.replace(house.record(record.report_id), size=0) == msgspec.structs.replace(
            record, size=0
        )
        await house.reports.keep(record.created + 30 * DAY)
        assert house.counted("ReportsUnkept") == 1
        disk.stuck = False
        await house.reports.keep(record.created + 30 * DAY)
        assert list(house.reports.list()) == []


async def test_a_request_that_finds_the_disk_full_leaves_nothing(house: House) -> None:
    """It is told to come again, and counts for nothing."""
    house.disk = disk = FullDisk()
    house.open()
    disk.full = True
    with pytest.raises(StorageUnavailable, match="No space left"):
        await house.request()
    assert list(house.reports.list()) == [] and os.listdir(house.folder) == []
    disk.full = False
    async with house.running():
        assert (await house.made()).status == "done"
