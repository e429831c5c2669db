"""Records: what each says comes back from its bytes, wherever they stand."""

from __future__ import annotations

import pytest

from telemetryd.storage.records import (
    CHECKPOINT,
    EVENTS,
    Checkpoint,
    EventsRecord,
    ExpiredRecord,
    Span,
    decode_checkpoint,
    decode_record,
    encode_record,
    scan,
)

STATE = Checkpoint(7, False, b"\x00state\xff")
TWO = [EventsRecord(7, 1.5, "node-1", 3, b"[1]"), ExpiredRecord(8, 2.5, ["a", "b"])]


@pytest.mark.parametrize(
    "noise", [b"", b"\xff\x00T", b"\xff\x00TR", bytes(600)], ids=["none", "half", "marker", "zeros"]
)
def test_records_are_found_whatever_stands_between_them(noise: bytes) -> None:
    """What belongs to none is told as the gap before the next."""
    data = noise.join([b"", *map(encode_record, TWO), b""])
    spans = list(scan(data, 0))
    assert [decode_record(data, span) for span in spans] == TWO
    assert [span.gap for span in spans] == [len(noise)] * 2
    assert [span.before for span in spans] == [0, len(noise) + len(encode_record(TWO[0]))]


def test_a_checkpoint_comes_back_as_it_was() -> None:
    """Its state is bytes that nobody looks into here."""
    data = encode_record(STATE)
    (span,) = scan(data, 0)
    assert span.kind == CHECKPOINT
    assert decode_checkpoint(data, span) == STATE


def test_a_payload_of_another_program_is_no_record() -> None:
    """Its checksum may be right; what it says is nothing of ours."""
    for data in (b"\xc1 no MessagePack", b"\x95\x01\x02\xa1\xff\x01\xc4\x00", b"\x94\x01\xc3\xc4\x00\x81\xa1\xff\x01"):
        span = Span(EVENTS, 0, len(data), 0)
        assert decode_record(data, span) is None
        assert decode_checkpoint(data, span) is None


def test_records_of_one_write_tell_one_turn() -> None:
    """The time that the recorder gave them, of either kind."""
    assert [record.turn for record in TWO] == [1.5, 2.5]
