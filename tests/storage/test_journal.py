"""The journal: what was written is read back, whatever happened to the file since."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from telemetryd.model.errors import CorruptFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.journal import ActiveSegment, SegmentContent, first_sequence_of, read_segment
from telemetryd.storage.records import Checkpoint, EventsRecord, ExpiredRecord, Record, encode_record
from tests.damage import flipped
from tests.disk.faults import FailingFiles, Fault, Faults

CHECKPOINT = Checkpoint(sequence=7, detailed=False, state=b"\x00state\xff")
RECORDS: list[Record] = [
    EventsRecord(7, 1.5, "node-1", 3, b'{"batch":3,"events":[{"event":"x"}]}'),
    ExpiredRecord(8, 2.5, ["a", "b"]),
    EventsRecord(10, 3.5, "", 0, "[\N{SNOWMAN}]".encode()),
]


def write_segment(files: Files, folder: Folder) -> str:
    """Return the path of a closed segment with three records."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    segment.append([encode_record(RECORDS[0]), encode_record(RECORDS[1])])
    segment.sync()
    segment.append([encode_record(RECORDS[2])])
    segment.sync()
    return segment.close()


def ends() -> list[int]:
    """Return where each record of the segment ends, the checkpoint first."""
    position = 16
    found = []
    for record in (CHECKPOINT, *RECORDS):
        position += len(encode_record(record))
        found.append(position)
    return found


def test_records_come_back_in_order(files: Files, folder: Folder) -> None:
    """A segment gives its checkpoint and its records, as often as they are asked for."""
    content = read_segment(files, write_segment(files, folder))
    assert content.checkpoint == CHECKPOINT
    assert list(content.records) == RECORDS
    assert list(content.records) == RECORDS
    assert (content.torn, content.damaged) == (0, 0)


def test_the_name_of_a_segment_tells_its_state(files: Files, folder: Folder) -> None:
    """A segment is active while it grows and closed for good afterwards; its name is its first sequence."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    assert files.names(folder.journal) == ["00000000000000000007.active"]
    assert segment.size == files.size(segment.path)
    closed = segment.close()
    assert files.names(folder.journal) == ["00000000000000000007.closed"]
    assert segment.path == closed
    assert first_sequence_of(closed) == 7
    assert first_sequence_of(closed + ".tmp") is None


def test_the_size_follows_what_is_appended(files: Files, folder: Folder) -> None:
    """The recorder rotates by size, so the size is the file's length after every append."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    for record in RECORDS:
        segment.append([encode_record(record)])
        assert segment.size == files.size(segment.path)
    segment.abandon()


def test_an_active_segment_is_read_like_a_closed_one(files: Files, folder: Folder) -> None:
    """After a kill the last segment is still called active; what was appended is there."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    segment.append([encode_record(RECORDS[0])])
    assert list(read_segment(files, segment.path).records) == RECORDS[:1]
    segment.abandon()


def test_a_torn_tail_of_any_length_costs_only_the_record_it_cuts(files: Files, folder: Folder) -> None:
    """Cut off at every length, a segment gives each record that is whole, and tells how much is torn."""
    path = write_segment(files, folder)
    data = files.read(path)
    boundaries = ends()
    assert boundaries[-1] == len(data)
    for length in range(boundaries[0], len(data)):
        Path(path).write_bytes(data[:length])
        content = read_segment(files, path)
        whole = sum(end <= length for end in boundaries) - 1
        assert content.checkpoint == CHECKPOINT
        assert list(content.records) == RECORDS[:whole]
        assert content.torn == length - boundaries[whole]
        assert content.damaged == 0


def test_a_segment_cut_inside_its_checkpoint_is_corrupt(files: Files, folder: Folder) -> None:
    """Cut off before anything is whole, at every length, there is nothing to keep: it is told so."""
    path = write_segment(files, folder)
    data = files.read(path)
    for length in range(ends()[0]):
        Path(path).write_bytes(data[:length])
        with pytest.raises(CorruptFile, match="found no valid record"):
            read_segment(files, path)


def test_a_tail_of_zeroes_is_torn(files: Files, folder: Folder) -> None:
    """A file system that lengthened the file before its bytes came leaves zeroes: they are no records."""
    path = write_segment(files, folder)
    with open(path, "ab") as file:
        file.write(bytes(4096))
    content = read_segment(files, path)
    assert list(content.records) == RECORDS
    assert content.torn == 4096


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_corrupt_byte_anywhere_keeps_every_other_valid_record(files: Files, folder: Folder, flip: int) -> None:
    """Whichever byte of a segment goes bad, only the record that holds it is lost, and its bytes are counted."""
    path = write_segment(files, folder)
    data = files.read(path)
    starts = [16, *ends()[:-1]]
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= flip
        Path(path).write_bytes(damaged)
        content = read_segment(files, path)
        hit = next((index for index, end in enumerate(ends()) if starts[index] <= position < end), None)
        expected = [record for index, record in enumerate(RECORDS, 1) if index != hit]
        assert list(content.records) == expected, position
        lost = 16 if hit is None else ends()[hit] - starts[hit]
        assert content.damaged + content.torn == lost, position


def test_a_damaged_checkpoint_leaves_the_rows(files: Files, folder: Folder) -> None:
    """Without its checkpoint a segment still gives its records; a stand-in without state tells the rest."""
    path = write_segment(files, folder)
    damaged = bytearray(files.read(path))
    damaged[ends()[0] - 1] ^= 1
    Path(path).write_bytes(damaged)
    content = read_segment(files, path)
    assert content.checkpoint == Checkpoint(sequence=7, detailed=True, state=b"")
    assert list(content.records) == RECORDS


def test_bytes_that_look_like_a_record_are_none_without_its_checksum(files: Files, folder: Folder) -> None:
    """A marker inside of damaged bytes is not taken for a record."""
    path = write_segment(files, folder)
    record = encode_record(RECORDS[0])
    forged = record[:-1] + bytes([record[-1] ^ 1])
    with open(path, "ab") as file:
        file.write(b"junk" + forged + b"\xff\x00TR" + encode_record(RECORDS[1]))
    content = read_segment(files, path)
    assert list(content.records) == [*RECORDS, RECORDS[1]]
    assert content.damaged == len(b"junk" + forged) + 4


def test_a_frame_that_holds_a_marker_is_one_record(files: Files, folder: Folder) -> None:
    """What a frame's bytes are does not matter where nothing is damaged."""
    sneaky = EventsRecord(20, 0.0, "p", 1, encode_record(RECORDS[0]))
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    segment.append([encode_record(sneaky), encode_record(RECORDS[1])])
    assert list(read_segment(files, segment.close()).records) == [sneaky, RECORDS[1]]


def test_a_journal_of_a_later_version_is_refused(files: Files, folder: Folder) -> None:
    """A release that does not know a version says so, and does not guess."""
    path = write_segment(files, folder)
    data = bytearray(files.read(path))
    header = b"TLMDJRNL" + struct.pack("<I", 2)
    data[:16] = header + struct.pack("<I", zlib.crc32(header))
    Path(path).write_bytes(data)
    with pytest.raises(CorruptFile, match="expected a journal of version 1 or before, found version 2"):
        read_segment(files, path)


def test_a_file_with_another_name_is_no_segment(files: Files, folder: Folder) -> None:
    """Only names of segments are read."""
    path = os.path.join(folder.journal, "notes.txt")
    Path(path).write_bytes(b"")
    with pytest.raises(CorruptFile, match="expected a segment's name"):
        read_segment(files, path)


def test_a_segment_is_made_whole_or_not_at_all(folder: Folder) -> None:
    """Wherever the disk fails while a segment is made, none or one that can be read is there."""
    for good in range(6):
        with suppress(OSError):
            ActiveSegment.create(FailingFiles(good), folder, CHECKPOINT).abandon()
        for name in Files().names(folder.journal):
            if not name.endswith(".tmp"):
                assert read_segment(Files(), os.path.join(folder.journal, name)).checkpoint == CHECKPOINT


def test_what_was_synced_before_a_failed_write_stays(folder: Folder) -> None:
    """A write that fails takes nothing with it that was there before."""
    files = FailingFiles(7)
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    segment.append([encode_record(RECORDS[0])])
    segment.sync()
    with pytest.raises(OSError, match="No space left"):
        segment.append([encode_record(RECORDS[1])])
    segment.abandon()
    assert list(read_segment(Files(), segment.path).records) == RECORDS[:1]


def test_a_segment_under_anothers_name_is_refused(files: Files, folder: Folder) -> None:
    """A copy would have its rows count twice: its checkpoint says which it is."""
    path = write_segment(files, folder)
    other = os.path.join(folder.journal, f"{CHECKPOINT.sequence + 5:020d}.closed")
    Path(other).write_bytes(files.read(path))
    with pytest.raises(CorruptFile, match=f"found the one of {CHECKPOINT.sequence}"):
        read_segment(files, other)


def test_no_flipped_bit_ever_gives_another_record(files: Files, folder: Folder) -> None:
    """Whichever it is, each record that is read is one that was written, in order, at most one is missing, and it is told."""
    path = write_segment(files, folder)
    data = files.read(path)
    for place, damaged in flipped(data, len(data)):
        Path(path).write_bytes(damaged)
        content = read_segment(files, path)
        records = list(content.records)
        assert content.checkpoint in (CHECKPOINT, Checkpoint(CHECKPOINT.sequence, True, b""))
        assert [record for record in RECORDS if record in records] == records, f"byte {place}"
        assert len(records) >= len(RECORDS) - 1
        assert content.damaged or content.torn


def test_what_a_closed_segment_lacks_is_lost(files: Files, folder: Folder) -> None:
    """A crash tears the tail of what grows; what was complete and is not any more was damaged."""
    closed = write_segment(files, folder)
    Path(closed).write_bytes(files.read(closed)[:-3])
    lost = read_segment(files, closed)
    os.rename(closed, active := closed.removesuffix(".closed") + ".active")
    torn = read_segment(files, active)
    assert (torn.torn, torn.lost) == (lost.torn, 0)
    assert lost.lost == lost.torn > 0


def test_a_segment_that_the_disk_does_not_give_is_corrupt(files: Files, folder: Folder) -> None:
    """It can be set aside; an error that may pass is not taken for damage."""

    class Failing(Files):
        def __init__(self, number: int) -> None:
            self._number = number

        def read(self, path: str) -> bytes:
            raise OSError(self._number, os.strerror(self._number), path)

    path = write_segment(files, folder)
    for number in (errno.EIO, errno.EACCES):
        with pytest.raises(CorruptFile, match="expected a segment that can be read"):
            read_segment(Failing(number), path)
    with pytest.raises(OSError, match="Too many open files"):
        read_segment(Failing(errno.EMFILE), path)


def torn(files: Files, folder: Folder, *lost: int) -> SegmentContent:
    """Return a segment with two records of an earlier turn and three of the last, some of which never reached the disk."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    records = [EventsRecord(7 + number, 1.5 + (number > 1), "node", number, b"[]") for number in range(5)]
    for number, record in enumerate(records):
        data = encode_record(record)
        segment.append([bytes(len(data)) if number in lost else data])
    segment.abandon()
    return read_segment(files, segment.path)


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        ((), [0, 1, 2, 3, 4]),
        ((4,), [0, 1, 2, 3]),
        ((3,), [0, 1, 2]),
        ((2,), [0, 1]),
        ((2, 4), [0, 1]),
        ((2, 3, 4), [0, 1]),
        ((0,), [1, 2, 3, 4]),
        ((0, 3), [1, 2]),
    ],
    ids=str,
)
def test_a_torn_write_counts_up_to_the_tear(
    files: Files, folder: Folder, lost: tuple[int, ...], left: list[int]
) -> None:
    """Of records written together none counts behind one that is lost; damage to earlier ones costs itself alone."""
    content = torn(files, folder, *lost).without_torn_turn()
    assert [record.batch for record in content.records if isinstance(record, EventsRecord)] == left
    assert content.damaged == sum(
        len(encode_record(EventsRecord(7, 1.5, "node", 0, b"[]"))) for each in lost if each < 2
    )


def test_a_damaged_checkpoint_is_no_torn_write(files: Files, folder: Folder) -> None:
    """It was synced before the segment had its name, so what comes after it was not written with it."""
    segment = ActiveSegment.create(files, folder, CHECKPOINT)
    segment.append([encode_record(RECORDS[0])])
    segment.abandon()
    path = Path(segment.path)
    path.write_bytes(path.read_bytes().replace(b"state", b"stale"))
    assert list(read_segment(files, segment.path).without_torn_turn().records) == RECORDS[:1]


@pytest.mark.parametrize("lost", [(), (3,)], ids=str)
def test_a_renewed_segment_holds_what_counted(files: Files, folder: Folder, lost: tuple[int, ...]) -> None:
    """And nothing behind it that could count later, when another segment follows."""
    content = torn(files, folder, *lost).without_torn_turn()
    path = os.path.join(folder.journal, f"{7:020d}.active")
    content.renew(files, path)
    again = read_segment(files, path)
    assert list(again.records) == list(content.records)
    assert (again.checkpoint, again.torn) == (CHECKPOINT, 0)


@pytest.mark.parametrize("verb", ["create", "write"])
@pytest.mark.parametrize("lost", [(), (3,)], ids=str)
def test_where_there_is_no_room_for_another_a_segment_is_cut_off_and_synced(
    files: Files, folder: Folder, verb: str, lost: tuple[int, ...]
) -> None:
    """A disk that is nearly full stops no start: what has to free it is the daemon itself."""
    content = torn(files, folder, *lost).without_torn_turn()
    path = os.path.join(folder.journal, f"{7:020d}.active")
    disk = FailingFiles(faults=Faults(Fault(verb, 1, errno.ENOSPC)))
    content.renew(disk, path)
    again = read_segment(files, path)
    assert (list(again.records), again.torn) == (list(content.records), 0)
    assert disk.faults.counts["shorten"] == 1
    assert files.names(folder.journal) == [os.path.basename(path)]


def test_a_disk_that_fails_is_not_one_without_room(files: Files, folder: Folder) -> None:
    """No sync of a file is trusted whose sync may have failed before."""
    disk = FailingFiles(faults=Faults(Fault("write", 1, errno.EIO)))
    with pytest.raises(OSError, match="Input/output error"):
        torn(files, folder).renew(disk, os.path.join(folder.journal, f"{7:020d}.active"))
    assert disk.faults.counts["shorten"] == 0
