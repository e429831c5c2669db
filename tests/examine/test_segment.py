"""A segment of the journal examined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telemetryd.examine.segment import events_of, examine_segment, records_of
from telemetryd.model.errors import CorruptFile
from telemetryd.storage.files import Files
from telemetryd.storage.journal import read_segment
from telemetryd.storage.records import EventsRecord, ExpiredRecord, encode_record

from .places import ACTIVE_SEGMENT, flip


def test_a_whole_segment_tells_its_records_and_events(store: Path) -> None:
    """And no byte of it is torn or damaged."""
    found = examine_segment(Files(), str(store / ACTIVE_SEGMENT), ACTIVE_SEGMENT)
    assert (found.path, found.first_sequence, found.records, found.events) == (ACTIVE_SEGMENT, 29, 2, 14)
    assert (found.torn_bytes, found.damaged_bytes) == (0, 0)
    assert found.size == (store / ACTIVE_SEGMENT).stat().st_size


def test_damage_is_told_in_bytes(store: Path) -> None:
    """Those that belong to no record; the rest is counted."""
    path = store / ACTIVE_SEGMENT
    flip(path, path.read_bytes().rindex(b"\xff\x00TR") - 10)
    found = examine_segment(Files(), str(path), ACTIVE_SEGMENT)
    assert (found.records, found.events) == (1, 7)
    assert found.damaged_bytes > 700
    path.write_bytes(b"noise")
    with pytest.raises(CorruptFile):
        examine_segment(Files(), str(path), ACTIVE_SEGMENT)


def test_records_that_cannot_be_decoded_are_counted(store: Path) -> None:
    """They are whole, and a start can do nothing with them, or not with all of it."""
    records = [
        EventsRecord(43, 1.0, "wal", 7, b"?"),
        EventsRecord(43, 1.0, "wal", 7, b'{"batch":7,"events":[{}]}'),
        EventsRecord(43, 1.0, "wal", 7, b'{"hello":{"producer":"wal"}}'),
        ExpiredRecord(43, 1.0, ["a"]),
    ]
    with (store / ACTIVE_SEGMENT).open("ab") as file:
        file.write(b"".join(map(encode_record, records)))
    found = examine_segment(Files(), str(store / ACTIVE_SEGMENT), ACTIVE_SEGMENT)
    assert (found.records, found.events, found.undecodable_records) == (6, 15, 3)


def test_the_first_records_are_plain_values(store: Path) -> None:
    """As many as were asked for; of events the frame itself, as JSON."""
    content = read_segment(Files(), str(store / ACTIVE_SEGMENT))
    first, second = records_of(content, 10)
    assert (first["kind"], first["first_sequence"], first["last_sequence"]) == ("events", 29, 35)
    assert (second["producer"], second["batch"], second["events"]) == ("wal", 6, 7)
    assert json.loads(first["json"])["events"][0]["operation_id"] == "5-a"
    assert list(records_of(content, 1)) == [first]


def test_events_of_records_of_every_kind() -> None:
    """Frames as the codec has them, ids of what expired; a frame that no codec takes has none."""
    assert events_of(ExpiredRecord(1, 2.0, ["a", "b"])) == ("a", "b")
    assert events_of(EventsRecord(1, 2.0, "", 0, b"?")) == ()
    assert events_of(EventsRecord(1, 2.0, "wal", 1, b'{"batch":1,"events":[]}')) == ()
