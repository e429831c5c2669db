"""Scrapes of what runs: taken in one step, counted from when they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telemetryd import __version__
from telemetryd.ingest.listener import Listener
from telemetryd.instrumentation import Instrumentation
from telemetryd.scrapes import Scrapes
from telemetryd.storage.folder import Folder
from tests.disk.faults import PLENTY, FailingFiles
from tests.exposition.counting import Reloaded, families, samples
from tests.ingest.intake import HOUR, Clock, Intake, Quiet, change, start

SERIES = (("backend", "ipfs"), ("operation_type", "add"))


class Scraped:
    """An intake, and the scrapes of it."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.problems: list[str] = []
        self.make()

    def make(self) -> None:
        """Make scrapes, as at a start."""
        intake = self.intake
        common = (intake.files, intake.folder, intake.instrumentation, intake.clock)
        listener = Listener(intake.recorder, lambda: intake.settings, intake.instrumentation, intake.clock)
        self.scrapes = Scrapes(
            intake.recorder,
            listener,
            intake.catalog,
            *common,
            lambda: self.problems,
            lambda: Reloaded(True, HOUR + 7.0),
        )

    def value(self, name: str, **labels: str) -> float | None:
        """Return a sample of a scrape made now."""
        text = b"".join(self.scrapes.scrape(openmetrics=False, compress=False))
        return samples(families(text, openmetrics=False)).get((name, tuple(sorted(labels.items()))))

    def started(self) -> float | None:
        """Return how many operations of one series have started."""
        return self.value("wal_operations_started_total", **dict(SERIES))


@pytest.fixture
async def scraped(tmp_path: Path) -> AsyncIterator[Scraped]:
    disk = FailingFiles(PLENTY)
    with Folder(disk, str(tmp_path / "telemetry")).locked() as folder:
        intake = Intake(disk, folder, Clock(), Instrumentation(Quiet()))
        await intake.start()
        yield Scraped(intake)
        await intake.crash()


async def test_what_is_stored_is_counted_wherever_it_is(scraped: Scraped) -> None:
    """In the head, in one that waits, in a part: once."""
    now = scraped.intake.clock.now
    await scraped.intake.store([start("a", now - 9), change("a", "completed", now - 8)], 1)
    await asyncio.wait_for(scraped.intake.recorder.rotate(), 30)
    assert (scraped.started(), scraped.value("telemetryd_heads_waiting")) == (1, 1)
    await scraped.intake.store([start("b", now - 7)], 2)
    await scraped.intake.upkeep.seal()
    assert (scraped.started(), scraped.value("telemetryd_heads_waiting")) == (2, 0)
    assert scraped.value("telemetryd_head_rows") == 1
    assert scraped.value("wal_operation_latency_seconds", **dict(SERIES)) == 1.0
    assert scraped.value("wal_queue_size", status="pending") == 1


async def test_totals_begin_anew_at_a_start_and_what_is_in_flight_does_not(scraped: Scraped) -> None:
    """A replay is not counted."""
    now = scraped.intake.clock.now
    await scraped.intake.store([start("a", now - 9)], 1)
    assert scraped.started() == 1
    await scraped.intake.crash()
    await scraped.intake.start()
    scraped.make()
    assert (scraped.started(), scraped.value("wal_queue_size", status="pending")) == (None, 1)
    await scraped.intake.store([start("b", now - 7)], 2)
    assert (scraped.started(), scraped.value("wal_queue_size", status="pending")) == (1, 2)


async def test_sizes_are_those_on_disk(scraped: Scraped) -> None:
    """Of the journal's segments, and of the parts."""
    intake = scraped.intake
    await intake.store([start("a", intake.clock.now)], 1)
    journal = sum(path.stat().st_size for path in Path(intake.folder.journal).iterdir())
    assert (scraped.value("telemetryd_journal_bytes"), scraped.value("telemetryd_store_bytes")) == (journal, 0)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.seal()
    parts = sum(path.stat().st_size for path in Path(intake.folder.path).rglob("*.parquet"))
    assert parts > 0
    assert scraped.value("telemetryd_store_bytes") == parts


async def test_a_segment_that_goes_while_it_is_looked_at_has_no_size(scraped: Scraped) -> None:
    """The answer does without it."""
    sizes = scraped.scrapes.facts().own.sizes
    (Path(scraped.intake.folder.journal) / "gone").symlink_to("nowhere")
    assert sizes()[0] > 0


async def test_a_scrape_tells_one_instant(scraped: Scraped) -> None:
    """What is stored while it is told is in the next one."""
    now = scraped.intake.clock.now
    await scraped.intake.store([start("a", now - 9)], 1)
    pieces = scraped.scrapes.scrape(openmetrics=False, compress=False)
    await scraped.intake.store([start("b", now - 8), start("c", now - 8, "pin")], 2)
    told = samples(families(b"".join(pieces), openmetrics=False))
    assert told["wal_operations_started_total", SERIES] == 1
    assert [key for key in told if key[0] == "wal_operations_started_total"] == [
        ("wal_operations_started_total", SERIES)
    ]


async def test_readiness_the_release_and_the_last_reload_are_told(scraped: Scraped) -> None:
    """As the daemon's other parts know them."""
    assert (scraped.value("telemetryd_ready"), scraped.value("telemetryd_config_last_reload_successful")) == (1, 1)
    assert scraped.value("telemetryd_config_last_reload_success_timestamp_seconds") == HOUR + 7.0
    scraped.problems.append("the disk is full")
    assert scraped.value("telemetryd_ready") == 0
    assert scraped.scrapes.facts().own.version == __version__
