"""What is said of damage to the journal."""

from __future__ import annotations

from structlog.testing import capture_logs

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.damage import CheckpointLost, JournalDamaged, RecordsUndecodable


def test_damage_is_an_error_that_says_where_and_how_much() -> None:
    """Each kind is logged with its path, and counted."""
    instrumentation = Instrumentation()
    with capture_logs() as lines:
        instrumentation.emit(JournalDamaged("journal/1.closed", damaged_bytes=17, missing_rows=3))
        instrumentation.emit(CheckpointLost("journal/2.closed", "expected a ledger's state"))
        instrumentation.emit(RecordsUndecodable("journal/3.closed", 2, 1, "expected a batch of events"))
    assert [(line["event"], line["log_level"], line["path"]) for line in lines] == [
        ("journal damaged", "error", "journal/1.closed"),
        ("checkpoint lost", "error", "journal/2.closed"),
        ("journal records cannot be decoded", "error", "journal/3.closed"),
    ]
    assert (lines[0]["damaged_bytes"], lines[0]["missing_rows"]) == (17, 3)
    assert instrumentation.counts == {"JournalDamaged": 1, "CheckpointLost": 1, "RecordsUndecodable": 1}
