"""Records of the journal: what each says, and as bytes with a marker, a length, a checksum and a kind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta, Struct

from telemetryd.model.timerange import LATEST

# No UTF-8 text holds 0xFF, so the frames inside of records hold no marker.
_MARKER = b"\xff\x00TR"
_RECORD = struct.Struct("<4sIIB")  # marker, length of the payload, CRC-32 of length, kind and payload; kind
_CHECKED = struct.Struct("<IB")

CHECKPOINT, EVENTS, EXPIRED = 1, 2, 3

# What a calendar has dates for, and what columns have room for.
Instant: TypeAlias = Annotated[float, Meta(ge=0, le=LATEST)]
Sequence: TypeAlias = Annotated[int, Meta(ge=0, le=2**62)]


class Checkpoint(Struct, frozen=True, array_like=True, gc=False):
    """All state before a segment's first record; ``sequence`` is that of its first row.

    ``detailed`` says whether its rows are to be kept; ``state`` is the recorder's, opaque here.
    ``books`` are those of the process that began the segment, at that moment: nothing depends on them,
    they are for people who look.
    """

    sequence: Sequence
    detailed: bool
    state: bytes
    books: dict[str, int] = {}


class EventsRecord(Struct, frozen=True, array_like=True, gc=False):
    """Accepted events of one frame, whose rows have the sequences from ``first_sequence`` on.

    ``received`` in Unix seconds; ``batch`` is the producer's number, 0 for plain lines;
    ``frame`` holds the events as JSON, as the recorder wants them back.
    """

    first_sequence: Sequence
    received: Instant
    producer: str
    batch: int
    frame: bytes

    @property
    def turn(self) -> float:
        """When the record was written: all that are written together tell the same."""
        return self.received


class ExpiredRecord(Struct, frozen=True, array_like=True, gc=False):
    """Operations that left the table of those in flight, one row each, ``at`` in Unix seconds."""

    first_sequence: Sequence
    at: Instant
    operation_ids: list[str]

    @property
    def turn(self) -> float:
        """As that of :class:`EventsRecord`."""
        return self.at


Record = EventsRecord | ExpiredRecord

_KINDS: dict[type[Struct], int] = {Checkpoint: CHECKPOINT, EventsRecord: EVENTS, ExpiredRecord: EXPIRED}
_encoder = msgspec.msgpack.Encoder()
_checkpoint_decoder = msgspec.msgpack.Decoder(Checkpoint)
_decoders: dict[int, msgspec.msgpack.Decoder[EventsRecord] | msgspec.msgpack.Decoder[ExpiredRecord]] = {
    EVENTS: msgspec.msgpack.Decoder(EventsRecord),
    EXPIRED: msgspec.msgpack.Decoder(ExpiredRecord),
}


def encode_record(record: Checkpoint | Record) -> bytes:
    """Return a record as the bytes of a segment."""
    kind, payload = _KINDS[type(record)], _encoder.encode(record)
    return _RECORD.pack(_MARKER, len(payload), _checksum(kind, payload), kind) + payload


class Span(NamedTuple):
    """Where the payload of a valid record is; ``gap`` bytes before the record belong to no other."""

    kind: int
    start: int
    end: int
    gap: int

    @property
    def before(self) -> int:
        """Where the record before this one ends."""
        return self.start - _RECORD.size - self.gap


def scan(data: bytes, position: int) -> Iterator[Span]:
    """Yield every valid record from ``position`` on, whatever stands between them."""
    end = position
    while (position := data.find(_MARKER, position)) >= 0:
        start = position + _RECORD.size
        if start > len(data):
            return
        _, length, checksum, kind = _RECORD.unpack_from(data, position)
        known = kind == CHECKPOINT or kind in _decoders
        payload = memoryview(data)[start : start + length]
        if known and len(payload) == length and _checksum(kind, payload) == checksum:
            yield Span(kind, start, start + length, position - end)
            position = end = start + length
        else:
            position += 1


def decode_checkpoint(data: bytes, span: Span) -> Checkpoint | None:
    """Return the checkpoint of a span, or None where it says something else."""
    try:
        return _checkpoint_decoder.decode(memoryview(data)[span.start : span.end])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def decode_record(data: bytes, span: Span) -> Record | None:
    """Return the record of a span, or None where only another program can have written it."""
    try:
        return _decoders[span.kind].decode(memoryview(data)[span.start : span.end])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _checksum(kind: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(len(payload), kind)))
