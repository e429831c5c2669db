"""The journal: accepted events in the order they came, in segments of checksummed records.

A segment begins with a header and a checkpoint: all state before its first record. Then
records follow, each with a marker, its length, a checksum and its kind. A segment is
``<first sequence>.active`` while it grows and ``.closed`` once it is complete; it is removed
when its rows are in parts.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from telemetryd.model.errors import CorruptFile

from .files import TMP, UNREADABLE, File, Files
from .folder import Folder

VERSION = 1

ACTIVE = ".active"
CLOSED = ".closed"
_NAME = re.compile(r"(\d{20})\.(?:active|closed)")

_MAGIC = b"TLMDJRNL"
_HEADER = struct.Struct("<8sII")  # magic, version, CRC-32 of both
# No UTF-8 text holds 0xFF, so the frames inside of records hold no marker.
_MARKER = b"\xff\x00TR"
_RECORD = struct.Struct("<4sIIB")  # marker, length of the payload, CRC-32 of length, kind and payload; kind
_CHECKED = struct.Struct("<IB")

CHECKPOINT, EVENTS, EXPIRED = 1, 2, 3


class Checkpoint(Struct, frozen=True, array_like=True, gc=False):
    """All state before a segment's first record; ``sequence`` is that of its first row.

    ``detailed`` says whether its rows are to be kept; ``state`` is the recorder's, opaque here.
    """

    sequence: int
    detailed: bool
    state: bytes


class EventsRecord(Struct, frozen=True, array_like=True, gc=False):
    """Accepted events of one frame, whose rows have the sequences from ``first_sequence`` on.

    ``received`` in Unix seconds; ``batch`` is the producer's number, 0 for plain lines;
    ``frame`` holds the events as JSON, as the recorder wants them back.
    """

    first_sequence: int
    received: float
    producer: str
    batch: int
    frame: bytes


class ExpiredRecord(Struct, frozen=True, array_like=True, gc=False):
    """Operations that left the table of those in flight, one row each, ``at`` in Unix seconds."""

    first_sequence: int
    at: float
    operation_ids: list[str]


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


class ActiveSegment:
    """The segment that grows. ``size`` is its length in bytes, ``path`` its name until closed."""

    def __init__(self, files: Files, file: File, path: str, size: int) -> None:
        self.path = path
        self.size = size
        self._files = files
        self._file = file

    @classmethod
    def create(cls, files: Files, folder: Folder, checkpoint: Checkpoint) -> ActiveSegment:
        """Make a segment that begins with ``checkpoint``, durably and whole or not at all; raises OSError."""
        path = os.path.join(folder.journal, f"{checkpoint.sequence:020d}{ACTIVE}")
        beginning = _header() + encode_record(checkpoint)
        file = files.create(path + TMP)
        try:
            file.write(beginning)
            file.sync()
            files.rename(path + TMP, path)
            files.sync_folder(folder.journal)
        except OSError:
            file.close()
            raise
        return cls(files, file, path, len(beginning))

    def append(self, records: Sequence[bytes]) -> None:
        """Write records; after an OSError the segment's end is unknown: it must not be written again."""
        self.size += self._file.write(b"".join(records))

    def sync(self) -> None:
        """Return once all that was appended is on disk; after an OSError, as :meth:`append`."""
        self._file.sync()

    def close(self) -> str:
        """Complete the segment under its final name and return that path; raises OSError."""
        closed = self.path.removesuffix(ACTIVE) + CLOSED
        self._file.close()
        self._files.rename(self.path, closed)
        self.path = closed
        self._files.sync_folder(os.path.dirname(closed))
        return closed

    def abandon(self) -> None:
        """Let go of a segment that could not be written; what is on disk of it stays."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class SegmentContent:
    """What can be read of a segment.

    ``torn`` is the number of bytes after the last valid record, ``damaged`` that of bytes
    before it that belong to no valid record. Where the checkpoint itself is damaged, a
    stand-in with an empty ``state`` takes its place.
    """

    checkpoint: Checkpoint
    closed: bool
    torn: int
    damaged: int
    _data: bytes
    _spans: tuple[tuple[int, int, int], ...]

    @property
    def lost(self) -> int:
        """The bytes that damage took: those of a torn tail only where a tail cannot be torn, in a closed segment."""
        return self.damaged + (self.torn if self.closed else 0)

    @property
    def records(self) -> Iterator[Record]:
        """Yield every valid record after the checkpoint, in order; may be asked for again."""
        for kind, start, end in self._spans:
            try:
                yield _decoders[kind].decode(memoryview(self._data)[start:end])
            except msgspec.DecodeError:
                # Its checksum is right, so only another program can have written it.
                continue


def first_sequence_of(path: str) -> int | None:
    """Return the first sequence that a segment's name tells, or None where it is no segment's name."""
    match = _NAME.fullmatch(os.path.basename(path))
    return int(match[1]) if match else None


def read_segment(files: Files, path: str) -> SegmentContent:
    """Return every valid record of a segment, whatever its tail or its middle look like.

    Raises :class:`CorruptFile` where nothing at all is valid, a later version wrote it, or it
    has another's name.
    """
    sequence = first_sequence_of(path)
    if sequence is None:
        raise CorruptFile(f"{path}: expected a segment's name, found another")
    data = _read(files, path)
    _refuse_later_version(data, path)
    has_header = data.startswith(_header())
    spans: list[tuple[int, int, int]] = []
    checkpoint: Checkpoint | None = None
    end = min(len(data), _HEADER.size)
    damaged = 0 if has_header else end
    for kind, start, stop in _scan(data, end):
        damaged += start - _RECORD.size - end
        end = stop
        if kind != CHECKPOINT:
            spans.append((kind, start, stop))
        elif checkpoint is None and not spans:
            checkpoint = _decode_checkpoint(data[start:stop])
    if checkpoint is None and not spans:
        raise CorruptFile(f"{path}: expected a segment of the journal, found no valid record in {len(data)} bytes")
    if checkpoint is not None and checkpoint.sequence != sequence:
        raise CorruptFile(f"{path}: expected the segment of that sequence, found the one of {checkpoint.sequence}")
    stand_in = Checkpoint(sequence, True, b"")
    closed = path.endswith(CLOSED)
    return SegmentContent(checkpoint or stand_in, closed, len(data) - end, damaged, data, tuple(spans))


def _read(files: Files, path: str) -> bytes:
    try:
        return files.read(path)
    except OSError as error:
        if error.errno not in UNREADABLE:
            raise
        raise CorruptFile(f"{path}: expected a segment that can be read, found: {error.strerror}") from error


def _scan(data: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, start, end) of the payload of every valid record from ``position`` on."""
    while (position := data.find(_MARKER, position)) >= 0:
        start = position + _RECORD.size
        if start > len(data):
            return
        _, length, checksum, kind = _RECORD.unpack_from(data, position)
        known = kind == CHECKPOINT or kind in _decoders
        payload = memoryview(data)[start : start + length]
        if known and len(payload) == length and _checksum(kind, payload) == checksum:
            yield kind, start, start + length
            position = start + length
        else:
            position += 1


def _checksum(kind: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(len(payload), kind)))


def _header() -> bytes:
    return _HEADER.pack(_MAGIC, VERSION, zlib.crc32(_MAGIC + struct.pack("<I", VERSION)))


def _refuse_later_version(data: bytes, path: str) -> None:
    """Raise where an intact header tells of a version that this release does not know."""
    if len(data) < _HEADER.size:
        return
    magic, version, checksum = _HEADER.unpack_from(data)
    intact = magic == _MAGIC and checksum == zlib.crc32(_MAGIC + struct.pack("<I", version))
    if intact and version > VERSION:
        raise CorruptFile(f"{path}: expected a journal of version {VERSION} or before, found version {version}")


def _decode_checkpoint(payload: bytes) -> Checkpoint | None:
    try:
        return _checkpoint_decoder.decode(payload)
    except msgspec.DecodeError:
        return None
