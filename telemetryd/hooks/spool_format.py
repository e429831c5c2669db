"""The bytes of a spool file: a magic word, two slots for its state, then records of events.

A state is written into the slots in turn, so that one of them is whole whatever a crash leaves of
the other. A record holds events as JSON objects joined by commas, the inside of a batch's list.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from telemetryd.model.codec import encode_event
from telemetryd.model.events import Event

MAGIC = b"TLMDSPL1"
SLOT = 4096  # bytes of the magic word's block and of each slot
RECORDS = 3 * SLOT  # where the records begin

# A record is closed at this size: few daemons take shorter lines than that.
RECORD_BYTES = 2048

# No UTF-8 text holds 0xFF, so events hold no marker.
MARKER = b"\xff\x00SP"
HEAD = struct.Struct("<4sIIQQI")  # marker, length of the body, CRC-32 of the rest; ordinal, number, events
_CHECKED = struct.Struct("<QQI")
_SLOT = struct.Struct("<II")  # length of the state, its CRC-32


class State(Struct, frozen=True, array_like=True):
    """What a spool knows besides its records.

    ``name`` is the producer's. All records up to the ordinal ``done`` are dealt with. ``given`` has
    (first ordinal, last ordinal, number) of each batch that was made of records and may have been sent.
    """

    generation: int = 0
    name: str = ""
    done: int = 0
    given: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Some events in a row, by their place in the order of all that was ever spooled.

    ``number`` is that of the batch they were sent in before they were spooled, or 0.
    """

    ordinal: int
    number: int
    events: int
    body: bytes

    @property
    def size(self) -> int:
        """How many bytes of the file it takes."""
        return HEAD.size + len(self.body)


_decoder = msgspec.msgpack.Decoder(State)


def encode_state(state: State) -> bytes:
    """Return a state as the contents of a slot."""
    content = msgspec.msgpack.encode(state)
    return (_SLOT.pack(len(content), zlib.crc32(content)) + content).ljust(SLOT, b"\0")


def read_state(slots: bytes) -> State | None:
    """Return the newest state that is whole in one of the slots, or None where none is."""
    states = [state for start in (0, SLOT) if (state := _state_in(slots[start : start + SLOT])) is not None]
    return max(states, key=lambda state: state.generation, default=None)


def encode_record(record: Record) -> bytes:
    """Return a record as the bytes of a file."""
    facts = (record.ordinal, record.number, record.events)
    return HEAD.pack(MARKER, len(record.body), _checksum(facts, record.body), *facts) + record.body


def bodies_of(events: Sequence[Event]) -> Iterator[tuple[bytes, int]]:
    """Yield events as the bodies of records, with how many each holds."""
    body: list[bytes] = []
    size = 0
    for event in events:
        encoded = encode_event(event)
        if body and size + len(encoded) >= RECORD_BYTES:
            yield b",".join(body), len(body)
            body, size = [], 0
        body.append(encoded)
        size += len(encoded) + 1
    if body:
        yield b",".join(body), len(body)


def body_size(head: bytes) -> int | None:
    """Return how many bytes follow the head of a record, or None where it is none."""
    if len(head) < HEAD.size or not head.startswith(MARKER):
        return None
    return int(HEAD.unpack(head)[1])


def decode_record(head: bytes, body: bytes) -> Record | None:
    """Return the record, or None where its bytes are not what its checksum promises."""
    _, length, checksum, *facts = HEAD.unpack(head)
    ordinal, number, events = facts
    if len(body) != length or _checksum((ordinal, number, events), body) != checksum:
        return None
    return Record(ordinal, number, events, body)


def _checksum(facts: tuple[int, int, int], body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_CHECKED.pack(*facts)))


def _state_in(slot: bytes) -> State | None:
    if len(slot) < _SLOT.size:
        return None
    length, checksum = _SLOT.unpack_from(slot)
    content = slot[_SLOT.size : _SLOT.size + length]
    if not length or len(content) != length or zlib.crc32(content) != checksum:
        return None
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Its checksum is right, so only another program can have written it.
        return None
