"""Heads that wait to be sealed, each with its segment."""

from __future__ import annotations

from telemetryd.ingest.segments import ClosedSegment

from .intake import HOUR, Intake, start


async def test_a_closed_segment_is_sealed_only_under_its_final_name(intake: Intake) -> None:
    """Its rows are seen from the moment they are frozen, and its file is not touched while it is renamed."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await intake.recorder.rotate()
    (closed,) = intake.recorder.backlog.closed
    assert isinstance(closed, ClosedSegment) and closed.final
    closed.final = False
    await intake.upkeep.seal()
    assert intake.recorder.backlog.closed == [closed]
    closed.final = True
    await intake.upkeep.seal()
    assert intake.recorder.backlog.closed == []
    assert len(intake.rows()) == 1
