"""Still pictures of the state."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetryd.instrumentation import Instrumentation
from telemetryd.picture import hours_held, snapshot
from telemetryd.storage.folder import Folder
from tests.disk.faults import PLENTY, FailingFiles
from tests.ingest.intake import HOUR, Clock, Intake, Quiet, change, start


async def test_a_picture_shows_each_row_once_wherever_it_is(tmp_path: Path) -> None:
    """In the head, in a head that waits to be sealed, in a part; and the hours of which some are in memory only."""
    disk, clock = FailingFiles(PLENTY), Clock()
    with Folder(disk, str(tmp_path / "telemetry")).locked() as folder:
        intake = Intake(disk, folder, clock, Instrumentation(Quiet()))
        await intake.start()

        def rows() -> tuple[int, int]:
            seen = snapshot(intake.recorder, intake.catalog, lambda: intake.settings, clock)
            return sum(len(head) for head in seen.heads), sum(len(hour.events) for hour in seen.hours.values())

        await intake.store([start("a", HOUR - 5.0), start("b", HOUR + 1.0)], 1)
        assert (rows(), hours_held(intake.recorder)) == ((2, 0), {HOUR - 3600, HOUR})
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        assert (rows(), hours_held(intake.recorder)) == ((2, 0), {HOUR - 3600})
        await intake.store([change("b", "completed", HOUR + 2.0)], 2)
        assert (rows(), hours_held(intake.recorder)) == ((3, 0), {HOUR - 3600, HOUR})
        await intake.upkeep.seal()
        assert (rows(), hours_held(intake.recorder)) == ((1, 2), {HOUR})
        seen = snapshot(intake.recorder, intake.catalog, lambda: intake.settings, clock)
        assert [each.operation_id for each in seen.operations()] == ["a"]
        assert seen.now == clock.now
        await intake.crash()
