"""Replay of one segment: every record is applied, and of those that cannot be it is told how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from telemetryd.ingest.ledger import Ledger
from telemetryd.ingest.replay import Replayed, replay
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import encode_batch, encode_event
from telemetryd.model.settings import Settings
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.journal import ActiveSegment, SegmentContent, read_segment
from telemetryd.storage.records import Checkpoint, EventsRecord, ExpiredRecord, Record, encode_record

from .intake import HOUR, Quiet, start

GOOD = encode_batch(1, [start("a", HOUR + 1.0), start("b", HOUR + 1.0)])[:-1]


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to make segments in, and a ledger that knows nothing."""

    folder: Folder
    ledger: Ledger

    def content(self, *records: Record | bytes) -> SegmentContent:
        """Return a segment that holds these records, or such bytes."""
        segment = ActiveSegment.create(Files(), self.folder, Checkpoint(1, True, b""))
        segment.append([each if isinstance(each, bytes) else encode_record(each) for each in records])
        segment.abandon()
        return read_segment(Files(), segment.path)


@pytest.fixture
def bench(folder: Folder) -> Bench:
    return Bench(folder, Ledger(Settings(), Instrumentation(Quiet())))


def events(sequence: int, batch: int, frame: bytes) -> EventsRecord:
    return EventsRecord(sequence, HOUR + 1.0 + batch, "wal", batch, frame)


def test_every_record_is_applied(bench: Bench) -> None:
    """Events, and operations that expired; the end is behind the last row."""
    content = bench.content(events(1, 1, GOOD), ExpiredRecord(3, HOUR + 9.0, ["a"]))
    assert replay(content, bench.ledger, None) == Replayed(end=4)
    assert (len(bench.ledger.head), bench.ledger.sequence) == (3, 4)
    assert bench.ledger.producers.named("wal").last_batch == 1


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"{", "expected one JSON object a line"),
        (b'{"batch":0,"events":[]}', "expected a number from 1 upward"),
        (encode_event(start("a", 1.0)), "expected a batch of events, found another frame"),
        (b'{"hello":{"producer":"wal"}}', "expected a batch of events, found another frame"),
    ],
)
def test_a_frame_that_cannot_be_taken_is_counted_and_costs_itself(bench: Bench, frame: bytes, reason: str) -> None:
    """Its batch is not known, so that whoever may still have it can send it again; its sequence is not given again."""
    done = replay(bench.content(events(1, 1, GOOD), events(3, 2, frame)), bench.ledger, None)
    assert (done.records, done.events, done.end) == (1, 0, 4)
    assert reason in done.reason
    assert bench.ledger.producers.named("wal").last_batch == 1
    assert bench.ledger.sequence == 3


def test_what_stands_behind_what_cannot_be_taken_is_applied(bench: Bench) -> None:
    """And the end is where it was when it was written."""
    done = replay(bench.content(events(1, 1, b"?"), events(5, 2, GOOD)), bench.ledger, None)
    assert (done.records, done.end) == (1, 7)
    assert len(bench.ledger.head) == 2


def test_events_that_cannot_be_taken_are_counted_and_the_others_applied(bench: Bench) -> None:
    """A record holds what was taken once: whatever else is in it, this release does not know."""
    frame = b'{"batch":1,"events":[{"event":"unheard_of"},' + encode_event(start("a", HOUR + 1.0)) + b"]}"
    done = replay(bench.content(events(1, 1, frame)), bench.ledger, None)
    assert (done.records, done.events, done.end) == (0, 1, 3)
    assert "unheard_of" in done.reason
    assert (len(bench.ledger.head), bench.ledger.producers.named("wal").last_batch) == (1, 1)


@pytest.mark.parametrize("at", [1e300, -1.0, 253_402_300_800.0])
def test_an_event_of_no_date_is_counted_and_the_others_applied(bench: Bench, at: float) -> None:
    """No column holds it; no daemon has taken it."""
    frame = encode_batch(1, [start("a", at), start("b", HOUR + 1.0)])[:-1]
    done = replay(bench.content(events(1, 1, frame)), bench.ledger, None)
    assert (done.records, done.events, done.end, len(bench.ledger.head)) == (0, 1, 3, 1)


@pytest.mark.parametrize(
    "record",
    [
        ExpiredRecord(3, float("inf"), ["a"]),
        ExpiredRecord(3, float("nan"), ["a"]),
        EventsRecord(3, -1.0, "wal", 2, GOOD),
        EventsRecord(2**63, 1.0, "wal", 2, GOOD),
        EventsRecord(-1, 1.0, "wal", 2, GOOD),
    ],
)
def test_a_record_of_no_date_or_sequence_is_counted(bench: Bench, record: Record) -> None:
    """Or the start would fail at it, again and again."""
    done = replay(bench.content(events(1, 1, GOOD), record), bench.ledger, None)
    assert (done.records, done.end, len(bench.ledger.head)) == (1, 4, 2)


@pytest.mark.parametrize("producer", [7, msgspec.Raw(b"\xa2\xff\xfe")], ids=["a number", "no text"])
def test_a_record_of_another_program_is_counted(bench: Bench, producer: Any) -> None:
    """Its checksum is right, what it says is nothing of ours; its sequence is not given again."""
    done = replay(bench.content(events(1, 1, GOOD), EventsRecord(3, 2.0, producer, 2, GOOD)), bench.ledger, None)
    assert (done.records, done.end) == (1, 4)
    assert "found other values" in done.reason


def test_what_was_refused_is_neither_applied_nor_counted(bench: Bench) -> None:
    """It reaches into the next segment: nobody was told that it is stored."""
    content = bench.content(events(1, 1, GOOD), events(3, 2, b"?"), events(3, 2, GOOD), ExpiredRecord(3, 9.0, ["a"]))
    assert replay(content, bench.ledger, 3) == Replayed(end=3)
    assert len(bench.ledger.head) == 2
