"""Rows of several parts as one stream in order."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, ClassVar

import numpy as np
import pytest

from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.head import FrozenHead
from telemetryd.storage.merging import LostPart, merged_rows
from telemetryd.storage.part import PIECE, ROW_GROUP
from telemetryd.storage.part_name import Part

from .samples import HOUR, frozen_of, frozen_with, in_file_order, rows_of, sealed


def events_of(files: Files, folder: Folder, *heads: FrozenHead) -> list[Part]:
    return [part for part in sealed(files, folder, *heads) if part.kind == "events"]


def test_rows_of_parts_that_interleave_come_in_order(files: Files, folder: Folder) -> None:
    """Parts of one hour that overlap in time give one stream by timestamp, then sequence, none lost or doubled."""
    heads = [frozen_of(700), frozen_of(20_000, first=701), frozen_of(3, first=20_701)]
    streamed = list(merged_rows(files, events_of(files, folder, *heads)))
    rows = [row for chunk in streamed for row in rows_of(chunk)]
    assert rows == in_file_order(*(head.columns for head in heads))


def test_chunks_are_bounded_and_never_split_an_instant(files: Files, folder: Folder) -> None:
    """Memory follows the size of a chunk, not of the hour; rows of one timestamp stay together."""
    head = frozen_of(10)
    size = 2 * ROW_GROUP
    many = head.columns.take(np.resize(np.arange(10), size))
    many.timestamp[:] = HOUR * 1_000_000 + np.arange(size) // 1000
    many.sequence[:] = np.arange(1, size + 1)
    parts = events_of(files, folder, frozen_with(many))
    chunks = list(merged_rows(files, parts))
    assert [len(chunk) <= ROW_GROUP + PIECE + 1000 for chunk in chunks] == [True] * len(chunks)
    assert len(chunks) > 1
    edges = [(one.timestamp[-1], other.timestamp[0]) for one, other in pairwise(chunks)]
    assert all(before < after for before, after in edges)
    assert np.concatenate([chunk.sequence for chunk in chunks]).tolist() == list(range(1, size + 1))


def test_rows_of_one_instant_in_many_pieces_come_in_order(files: Files, folder: Folder) -> None:
    """A burst with one timestamp, longer than a piece and spread over parts, is one run by sequence."""
    heads = []
    for first in (1, 2 * PIECE + 1):
        head = frozen_of(10)
        many = head.columns.take(np.resize(np.arange(10), 2 * PIECE))
        many.timestamp[:] = HOUR * 1_000_000
        many.sequence[:] = np.arange(first, first + 2 * PIECE)
        heads.append(frozen_with(many))
    (chunk,) = merged_rows(files, events_of(files, folder, *heads))
    assert chunk.sequence.tolist() == list(range(1, 4 * PIECE + 1))


def test_no_parts_give_no_rows(files: Files) -> None:
    """A stream of nothing ends at once."""
    assert list(merged_rows(files, [])) == []


def test_a_part_that_cannot_be_read_is_named(files: Files, folder: Folder) -> None:
    """The error says which of the parts is bad, so that the others can be merged without it."""
    good, bad = events_of(files, folder, frozen_of(100), frozen_of(100, first=101))
    with open(bad.path, "r+b") as file:
        file.truncate(500)
    with pytest.raises(LostPart) as lost:
        list(merged_rows(files, [good, bad]))
    assert lost.value.part == bad


def test_a_part_that_turns_out_bad_in_the_middle_is_named(files: Files, folder: Folder) -> None:
    """A bad page behind a good footer is found when it is read."""
    (bad,) = events_of(files, folder, frozen_of(2000))
    data = bytearray(files.read(bad.path))
    data[200:400] = bytes(200)
    Path(bad.path).write_bytes(data)
    with pytest.raises(LostPart) as lost:
        list(merged_rows(files, [bad]))
    assert lost.value.part == bad


def test_a_part_that_begins_later_stays_closed_until_it_is_needed(files: Files, folder: Folder) -> None:
    """However many parts an hour has, memory holds only those whose times overlap."""

    class Watching(Files):
        opened: ClassVar[list[str]] = []

        def open(self, path: str) -> BinaryIO:
            self.opened.append(path)
            return super().open(path)

    early, late = events_of(files, folder, frozen_of(50), frozen_of(50, first=51, hour=HOUR + 3600))
    watching = Watching()
    stream = merged_rows(watching, [late, early])
    assert len(list(stream)) == 1
    footers, rows = watching.opened[:2], watching.opened[2:]
    assert footers == [late.path, early.path]
    assert rows == [early.path, late.path]
