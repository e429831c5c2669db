"""The ledger changes by two calls, and a checkpoint tells all of it but its rows."""

from __future__ import annotations

import pytest

from telemetryd.ingest.ledger import MAX_PRODUCER_NAMES, Ledger
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import PENDING, PROCESSING, UNPLACED
from telemetryd.model.settings import Settings
from tests.live.told import tell
from tests.storage.samples import rows_of

from .intake import HOUR, Clock, change, start

NOW = Clock().now


@pytest.fixture
def ledger(instrumentation: Instrumentation) -> Ledger:
    return Ledger(Settings(), instrumentation)


def test_events_become_rows_of_their_producer(ledger: Ledger) -> None:
    """With running sequences, from 1; plain lines have no producer."""
    ledger.apply_events([start("a", HOUR + 1.0), change("a", "completed", HOUR + 3.0)], "wal", 1, NOW)
    ledger.apply_events([start("b", HOUR + 2.0)], "", 0, NOW)
    columns = ledger.head.columns()
    assert columns.sequence.tolist() == [1, 2, 3]
    assert [columns.producers[code] for code in columns.producer] == ["wal", "wal", ""]
    assert columns.latency.tolist()[1] == 2.0
    assert ledger.sequence == 4


def test_a_batch_is_remembered_and_plain_lines_are_not(ledger: Ledger) -> None:
    """Only batches have numbers."""
    ledger.apply_events([], "wal", 7, NOW)
    ledger.apply_events([start("b", HOUR + 2.0)], "", 0, NOW)
    assert ledger.producers.state() == [("wal", 7)]


def test_a_later_event_patches_rows_of_the_head(ledger: Ledger) -> None:
    """Also rows of its own batch."""
    ledger.apply_events([change("a", "processing", HOUR + 2.0)], "wal", 1, NOW)
    ledger.apply_events([change("a", "completed", HOUR + 3.0), start("a", HOUR + 1.0)], "wal", 2, NOW)
    columns = ledger.head.columns()
    assert {columns.operation_types[code] for code in columns.operation_type} == {"add"}
    assert columns.previous.tolist()[:2] == [PENDING, PROCESSING]
    assert columns.latency.tolist()[1] == 2.0


def test_a_frozen_head_changes_no_more(ledger: Ledger) -> None:
    """What comes later stays apart: sequences go on, rows that are frozen are never patched."""
    ledger.apply_events([start("a", HOUR + 1.0), change("a", "processing", HOUR + 3.0)], "wal", 1, NOW)
    frozen = ledger.freeze(detailed=True)
    assert frozen is not None
    before = rows_of(frozen.columns)
    ledger.apply_events([change("a", "retrying", HOUR + 2.0)], "wal", 2, NOW)
    assert rows_of(frozen.columns) == before
    assert (frozen.first, frozen.last, frozen.detailed) == (1, 2, True)
    assert ledger.head.columns().sequence.tolist() == [3]
    assert ledger.head.columns().previous.tolist() == [UNPLACED]


def test_an_empty_head_is_not_frozen(ledger: Ledger) -> None:
    """There is nothing to seal."""
    assert ledger.freeze(detailed=True) is None


def test_expired_operations_become_rows(ledger: Ledger) -> None:
    """They count as events of nobody."""
    ledger.apply_events([start("a", HOUR + 1.0)], "wal", 1, NOW)
    ledger.apply_expired(["a"], NOW)
    assert not ledger.tracker.table.operations
    assert ledger.head.columns().producer.tolist() == [1, 0]
    assert ledger.sequence == 3


def test_the_window_sees_what_ends(ledger: Ledger) -> None:
    """At its own timestamp, as of when it was received."""
    ledger.apply_events([start("a", NOW - 5), change("a", "failed", NOW - 1)], "wal", 1, NOW)
    (told,) = tell(ledger.window, NOW, 60).values()
    assert (told.failed, told.sum) == (1, 4.0)


def test_each_hour_of_the_head_knows_when_its_last_row_came(ledger: Ledger) -> None:
    """So that late events can wait for one another; a new head begins without hours."""
    ledger.apply_events([start("a", HOUR - 1.0), start("b", HOUR + 1.0)], "wal", 1, NOW)
    ledger.apply_events([start("c", HOUR - 2.0)], "wal", 2, NOW + 7)
    assert ledger.hours == {HOUR - 3600: NOW + 7, HOUR: NOW}
    ledger.freeze(detailed=True)
    assert ledger.hours == {}


def test_producers_beyond_the_limit_share_a_name(ledger: Ledger) -> None:
    """Their numbers are still their own."""
    for number in range(MAX_PRODUCER_NAMES + 10):
        ledger.apply_events([], f"wal-{number}", 1, NOW)
    ledger.apply_events([start("a", HOUR + 1.0)], "one-more", 3, NOW)
    columns = ledger.head.columns()
    assert columns.producers[columns.producer[-1]] == "other"
    assert ledger.producers.named("one-more").last_batch == 3


def test_a_checkpoint_restores_what_the_rows_do_not_tell(ledger: Ledger, instrumentation: Instrumentation) -> None:
    """Operations in flight, producers, health and the sequence go on."""
    ledger.apply_events([start("a", HOUR + 1.0)], "wal", 4, NOW)
    ledger.freeze(detailed=True)
    restored = Ledger(Settings(), instrumentation)
    restored.restore(ledger.checkpoint(), ledger.sequence)
    restored.apply_events([change("a", "completed", HOUR + 9.0)], "wal", 5, NOW)
    (row,) = rows_of(restored.head.columns())
    assert row[1] == 2
    assert 8.0 in row and "add" in row
    assert restored.producers.state() == [("wal", 5)]


@pytest.mark.parametrize("state", [b"", b"\xc1\xc1", b"\x92\x90\xc4\x00"])
def test_bytes_that_are_no_checkpoint_are_a_corrupt_file(ledger: Ledger, state: bytes) -> None:
    """The daemon can tell, and start without them."""
    with pytest.raises(CorruptFile, match="checkpoint"):
        ledger.restore(state, 1)


def test_a_gap_of_sequences_begins_a_new_head(ledger: Ledger) -> None:
    """Heads are contiguous."""
    ledger.skip_to(10)
    ledger.apply_events([start("a", HOUR + 1.0)], "wal", 1, NOW)
    assert ledger.head.columns().sequence.tolist() == [10]


def test_whoever_asks_is_shown_each_head_before_it_is_given_away(ledger: Ledger) -> None:
    """With all its rows, also where it has none."""
    seen: list[tuple[int, int]] = []
    ledger.leaving = lambda head: seen.append((head.first_sequence, len(head)))
    ledger.apply_events([start("a", HOUR + 1.0), start("b", HOUR + 2.0)], "wal", 1, NOW)
    ledger.freeze(detailed=True)
    ledger.freeze(detailed=True)
    assert seen == [(1, 2), (3, 0)]
