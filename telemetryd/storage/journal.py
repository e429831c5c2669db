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
from dataclasses import dataclass, replace

from telemetryd.model.errors import CorruptFile

from .files import FULL, TMP, UNREADABLE, File, Files, write_whole
from .folder import Folder
from .records import CHECKPOINT, Checkpoint, Record, Span, decode_checkpoint, decode_record, encode_record, scan

VERSION = 1

ACTIVE = ".active"
CLOSED = ".closed"
_NAME = re.compile(r"(\d{20})\.(?:active|closed)")

_MAGIC = b"TLMDJRNL"
_HEADER = struct.Struct("<8sII")  # magic, version, CRC-32 of both


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
        """Complete the segment under its final name and return that path; raises OSError.

        That name need not be durable: all that is in the segment is, and under its old name a start reads
        the same of it. The next segment that is begun makes it so.
        """
        closed = self.path.removesuffix(ACTIVE) + CLOSED
        self._file.close()
        self._files.rename(self.path, closed)
        self.path = closed
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
    _spans: tuple[Span, ...]

    @property
    def lost(self) -> int:
        """The bytes that damage took: those of a torn tail only where a tail cannot be torn, in a closed segment."""
        return self.damaged + (self.torn if self.closed else 0)

    @property
    def records(self) -> Iterator[Record]:
        """Yield every valid record after the checkpoint, in order; may be asked for again."""
        return (record for record in self.decoded if record is not None)

    @property
    def decoded(self) -> Iterator[Record | None]:
        """Yield the same, with None in place of those whose checksum is right and that only another program can have written."""
        return (decode_record(self._data, span) for span in self._spans)

    def without_torn_turn(self) -> SegmentContent:
        """Return what counts of a segment that was being written: of a torn write, what is before the tear.

        The disk may have taken the end of a write and not its middle. What came in with records that
        are lost was no more acknowledged than they were, and must not be known while they are not.
        The records of one write tell the same time, those of no other; damage in earlier writes, which
        were synced, costs itself alone. A gap right before the last write may be its beginning.
        """
        cut, turn = len(self._spans), None
        for index in range(cut - 1, -1, -1):
            span = self._spans[index]
            record = decode_record(self._data, span)
            if record is None:
                continue
            if turn is not None and record.turn != turn:
                break
            turn = record.turn
            if span.gap:
                cut = index
        if cut == len(self._spans):
            return self
        end = self._spans[cut].before
        damaged = self.damaged - sum(span.gap for span in self._spans[cut:])
        return replace(self, torn=len(self._data) - end, damaged=damaged, _spans=self._spans[:cut])

    def renew(self, files: Files, path: str) -> None:
        """Write the segment anew, durably, up to its last valid record; raises OSError.

        What was read may be in the system's cache alone, of a process that was killed before its
        sync, or whose sync failed; no later sync of that file is to be trusted. Only where there is no
        room for another one it has to do.
        """
        size = len(self._data) - self.torn
        try:
            write_whole(files, path, self._data[:size])
        except OSError as error:
            if error.errno not in FULL:
                raise
            files.shorten(path, size)


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
    spans: list[Span] = []
    checkpoint: Checkpoint | None = None
    end = min(len(data), _HEADER.size)
    damaged = 0 if has_header else end
    for span in scan(data, end):
        end = span.end
        damaged += span.gap
        if span.kind != CHECKPOINT:
            # Before the first record it is the checkpoint that is damaged, and that was never torn.
            spans.append(span if checkpoint or spans else span._replace(gap=0))
        elif checkpoint is None and not spans:
            checkpoint = decode_checkpoint(data, span)
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
