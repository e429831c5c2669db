"""The making of one report, step by step."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import pytest

from telemetryd.charts.browsers import WITHOUT
from telemetryd.model.errors import (
    Busy,
    ChartFailed,
    ChartsUnavailable,
    ChartTimeout,
    QueryTimeout,
    ResultTooLarge,
    StorageError,
    TelemetrydError,
)
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.query.request import MetricsRequest
from telemetryd.reports.job import AT_ONCE, TRIES, Job
from telemetryd.reports.questions import Questions
from telemetryd.reports.record import CHARTS, CSV, PICTURES, PLOTLY, SCRIPT
from tests.oracle import events

from .conftest import HOUR, START, EngineOf
from .reading import Page
from .stand_ins import PNG, Artist, Queries
from .test_page import RECORD, assert_stands_alone


class Hurried(Busy):
    """Busy, and over at once."""

    retry_after = 0.0


@dataclass
class Bench:
    """A job with all that it needs, and what it put down."""

    queries: Queries
    artist: Artist = field(default_factory=Artist)
    files: dict[str, bytes] = field(default_factory=dict)
    full: bool = False

    def job(self, questions: Questions | None = None) -> Job:
        asked = Questions.about(START, START + HOUR, 60) if questions is None else questions
        return Job(asked, self.queries, self.artist.draw, self.put, 30)

    async def put(self, name: str, pieces: Iterable[bytes]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.files[name] = b"".join(pieces)


@pytest.fixture
def bench(engine_of: EngineOf) -> Bench:
    """A bench over an hour in which two operations ended and one backend was down."""
    return Bench(
        Queries(
            engine_of(
                [
                    events.health("ipfs", "online", START - 60),
                    events.health("ipfs", "offline", START + 600),
                    *events.life("a", START + 60, 2.0),
                    *events.life("b", START + 90, 4.0, "failed", backend="s3"),
                ]
            )
        )
    )


async def test_all_files_of_a_report_are_made(bench: Bench) -> None:
    """A picture of each metric, all samples, and what the page needs to stand alone."""
    await bench.job().make()
    assert set(bench.files) == {*PICTURES.values(), CSV, SCRIPT, PLOTLY, CHARTS}
    assert all(bench.files[name] == PNG for name in PICTURES.values())
    assert set(bench.artist.drawn) == {(metric, form) for metric in METRIC_TYPES for form in ("json", "png")}


async def test_the_samples_are_those_of_the_api(bench: Bench) -> None:
    """All metrics, in the columns of ``format=csv``."""
    await bench.job().make()
    rows = list(csv.DictReader(io.StringIO(bench.files[CSV].decode())))
    assert {row["metric_type"] for row in rows} == set(METRIC_TYPES) - {"retry_count"}
    (latency,) = [row for row in rows if row["metric_type"] == "operation_latency" and row["backend"] == "s3"]
    assert (latency["operation_type"], latency["timestamp"], float(latency["max"])) == ("add", str(START + 60), 4.0)


async def test_the_page_and_the_json_are_of_the_same_facts(bench: Bench) -> None:
    """Made last, of all that came together."""
    made = await bench.job().make()
    read = Page.of(made.page(RECORD))
    assert_stands_alone(read)
    assert len(read.all("img")) == len(METRIC_TYPES)
    told = json.loads(msgspec.json.encode(made.content()))
    assert told["summary"]["operations"]["ended"] == 2
    assert told["summary"]["backends"][0]["offline"] == HOUR - 600
    assert "ipfs ended offline" in read.one("ul", **{"class": "findings"}).text


async def test_progress_goes_from_nothing_to_all_but_the_page(bench: Bench) -> None:
    """And says where it is."""
    bench.queries.gate = asyncio.Event()
    job = bench.job()
    making = asyncio.create_task(job.make())
    await bench.queries.reached.wait()
    assert (job.progress.fraction, job.progress.step) == (0.0, "Reading the samples of all metrics")
    bench.queries.gate.set()
    await making
    assert [each.state for each in job.progress.steps()] == ["done"] * 6 + ["now"]


async def test_few_drawings_are_under_way_at_once(bench: Bench) -> None:
    """Others want charts, too."""
    await bench.job().make()
    assert bench.artist.most == AT_ONCE


@pytest.mark.parametrize("end", ["", ".", WITHOUT])
async def test_without_a_browser_there_are_no_pictures(bench: Bench, end: str) -> None:
    """The report is made, and says what to install, in a sentence; nobody is asked eight times."""
    why = f"PNG: expected a Chromium, found none; install chromium-headless-shell{end}"
    bench.artist.fails["png"] = [ChartsUnavailable(why)] * 8
    made = await bench.job().make()
    assert not set(bench.files) & set(PICTURES.values())
    read = Page.of(made.page(RECORD))
    said = f"{why.removesuffix(end)}. With JavaScript"
    assert said in read.one("p", **{"class": "note"}).text and not read.all("img")
    assert len(bench.artist.fails["png"]) >= 8 - AT_ONCE


async def test_a_browser_that_goes_away_leaves_what_was_drawn(bench: Bench) -> None:
    """Each chart has its picture, or its words."""

    async def draw(drawing: object, form: str) -> bytes:
        if form == "png" and len(bench.artist.drawn) > 8:
            raise ChartsUnavailable("gone")
        return await Artist.draw(bench.artist, drawing, form)  # type: ignore[arg-type]

    questions = Questions.about(START, START + HOUR, 60)
    read = Page.of((await Job(questions, bench.queries, draw, bench.put, 30).make()).page(RECORD))
    pictures = {each.attributes["src"] for each in read.all("img")}
    assert pictures == set(bench.files) & set(PICTURES.values())
    assert 0 < len(pictures) < 8
    assert len(pictures) + len(read.all("p", **{"class": "words"})) == 8


@pytest.mark.parametrize("error", [ChartFailed("a fault"), ChartsUnavailable("no pandas"), ValueError("a bug")])
@pytest.mark.parametrize("form", ["png", "json"])
async def test_a_drawing_that_fails_is_the_end(bench: Bench, form: str, error: Exception) -> None:
    """Its error comes as it is; only a picture can be done without."""
    if form == "png" and isinstance(error, ChartsUnavailable):
        return
    bench.artist.fails[form] = [error]
    with pytest.raises(type(error), match=str(error)):
        await bench.job().make()


@pytest.mark.parametrize("at", range(7))
async def test_a_query_that_fails_is_the_end(bench: Bench, at: int) -> None:
    """Whichever it is."""
    made = bench.queries.asked
    fails = StorageError("the disk is gone")

    class Failing(Queries):
        async def _pass(self, request: object) -> None:
            await super()._pass(request)
            if len(made) == at + 1:
                raise fails

    bench.queries = Failing(bench.queries.engine, asked=made)
    if at == 6:
        # Six are asked: the health of an hour comes with the samples.
        await bench.job().make()
        assert len(made) == 6
        return
    with pytest.raises(StorageError, match="the disk is gone"):
        await bench.job().make()


async def test_a_full_disk_is_the_end(bench: Bench) -> None:
    """As the disk says it."""
    bench.full = True
    with pytest.raises(OSError, match="No space left"):
        await bench.job().make()


async def test_it_waits_where_others_are_served_first(bench: Bench) -> None:
    """As long as it may take."""
    bench.queries.fails = [Hurried("busy")] * 20
    bench.artist.fails = {"png": [Hurried("busy")] * 20, "json": [Hurried("busy")] * 20}
    await bench.job().make()
    assert set(PICTURES.values()) <= set(bench.files)


@pytest.mark.parametrize("error", [ChartTimeout("too slow"), QueryTimeout("too slow")])
async def test_what_was_too_slow_is_tried_again(bench: Bench, error: TelemetrydError) -> None:
    """Whatever kept it may be over; not for ever."""
    fails = bench.queries.fails if isinstance(error, QueryTimeout) else bench.artist.fails.setdefault("png", [])
    fails.extend([error] * (TRIES - 1))
    await bench.job().make()
    fails.extend([error] * 100)
    with pytest.raises(type(error), match="too slow"):
        await bench.job().make()


async def test_too_many_samples_are_asked_for_in_wider_intervals(bench: Bench) -> None:
    """Until they fit."""
    day = Questions.about(START - 23 * HOUR, START + HOUR, 60)
    bench.queries.fails = [ResultTooLarge("too many")] * 2
    await bench.job(day).make()
    asked = [each for each in bench.queries.asked if isinstance(each, MetricsRequest)]
    assert [each.interval for each in asked if each.metric_types == METRIC_TYPES] == [60, 240, 1200]
    queue = next(each for each in asked if each.metric_types == ("queue_size",))
    assert queue.interval == 1200


async def test_of_too_many_series_there_is_no_report(bench: Bench) -> None:
    """Where the widest interval is too narrow, the sentence of the engine stands."""
    bench.queries.fails = [ResultTooLarge("too many")] * 99
    with pytest.raises(ResultTooLarge):
        await bench.job().make()


async def test_health_is_read_in_narrower_samples_than_the_charts(bench: Bench) -> None:
    """Where the range is long."""
    month = Questions.about(START - 30 * 24 * HOUR, START + HOUR, 60)
    made = await bench.job(month).make()
    assert made.content()["interval"] == 3600
    assert made.content()["summary"]["health_interval"] == 60


async def test_one_that_is_given_up_ends_what_it_asked(bench: Bench) -> None:
    """No query and no drawing goes on."""
    bench.queries.gate = asyncio.Event()
    making = asyncio.create_task(bench.job().make())
    await bench.queries.reached.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert len(asyncio.all_tasks()) == 1
