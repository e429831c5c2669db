"""A head that waits keeps its rows visible, and its segment until its name is final."""

from __future__ import annotations

from telemetryd.ingest.segments import ClosedSegment, Recovery
from tests.storage.samples import frozen_of


def test_a_closed_segment_can_be_sealed_unless_it_is_said_otherwise() -> None:
    """One that was replayed at start has its final name."""
    assert ClosedSegment(frozen_of(3), "00000000000000000001.closed").final


def test_a_segments_name_may_change_while_its_rows_are_seen() -> None:
    """The head is the same, before and after."""
    head = frozen_of(3)
    closed = ClosedSegment(head, "00000000000000000001.active", final=False)
    closed.path, closed.final = "00000000000000000001.closed", True
    assert closed.head is head


def test_a_recovery_tells_what_waits_and_what_is_empty() -> None:
    """And how many rows were replayed."""
    closed = ClosedSegment(frozen_of(3), "1.closed")
    recovery = Recovery([closed], ["4.closed"], 3)
    assert (recovery.closed, recovery.empty, recovery.rows) == ([closed], ["4.closed"], 3)
