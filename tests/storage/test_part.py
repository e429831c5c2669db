"""Parts as Parquet files."""

from __future__ import annotations

import gc
import os
import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from telemetryd.model.errors import CorruptFile
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.rollup.columns import in_order
from telemetryd.storage import part as part_module
from telemetryd.storage import rollup_schema, schema
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import (
    EventsWriter,
    oldest_timestamp,
    read_carry,
    read_events,
    read_rollups,
    scan_events,
    write_events,
    write_rollups,
)
from telemetryd.storage.part_name import Kind, Part
from telemetryd.storage.rows import between
from tests.disk.faults import FailingFiles, Fault, Faults

from .samples import HOUR, columns_of, frozen_of, in_file_order, rows_of, sealed


def written(files: Files, folder: Folder, count: int, kind: Kind = "events") -> Part:
    """Return a part of one hour with so many rows, or their rollup."""
    part = Part.named(folder, kind, HOUR, "part", 1, count)
    files.make_folder(os.path.dirname(part.path))
    columns = in_order(columns_of(count))
    if kind == "events":
        return replace(part, size=write_events(files, part.path, columns))
    return replace(part, size=write_rollups(files, part.path, build(columns, 60), carry_of(columns)))


def test_rows_come_back_as_they_were(files: Files, folder: Folder) -> None:
    """A part gives every row with every value, in order; its size is that of the file."""
    part = written(files, folder, 3000)
    assert rows_of(read_events(files, part)) == in_file_order(columns_of(3000))
    assert part.size == files.size(part.path)
    assert files.names(os.path.dirname(part.path)) == [os.path.basename(part.path)]


def test_a_range_gives_its_rows_and_no_others(files: Files, folder: Folder) -> None:
    """Start is included, end is not, either may be open, and a range without rows gives none."""
    part = written(files, folder, 500)
    everything = in_file_order(columns_of(500))
    some = everything[200][0] / 1e6
    for start, end in [(None, some), (some, None), (HOUR + 600, HOUR + 1800.5), (some, some), (HOUR + 7200, None)]:
        expected = [
            row
            for row in everything
            if (start is None or row[0] >= start * 1e6) and (end is None or row[0] < end * 1e6)
        ]
        assert rows_of(read_events(files, part, start=start, end=end)) == expected
    assert len(read_events(files, part, end=HOUR)) == 0


def test_only_the_columns_asked_for_are_read(files: Files, folder: Folder) -> None:
    """What was not asked for is absent in every row."""
    part = written(files, folder, 50)
    columns = read_events(files, part, columns=("status", "latency"))
    whole = read_events(files, part)
    assert columns.operation_id is None
    assert columns.status.tolist() == whole.status.tolist()
    assert columns.backend.tolist() == [0] * 50


def test_a_scan_gives_the_same_rows_in_pieces(files: Files, folder: Folder) -> None:
    """Reading piece by piece gives what reading at once gives; no piece is empty or too long."""
    part = written(files, folder, 40_000)
    pieces = list(scan_events(files, part, start=HOUR + 100))
    assert [row for piece in pieces for row in rows_of(piece)] == rows_of(read_events(files, part, start=HOUR + 100))
    assert len(pieces) > 1
    assert all(0 < len(piece) <= part_module.PIECE for piece in pieces)


def test_row_groups_outside_of_the_range_are_not_read(files: Files, folder: Folder) -> None:
    """Statistics tell which row groups a range needs, so the others' bytes may be anything."""
    part = Part.named(folder, "events", HOUR, "part", 1, 20_000)
    files.make_folder(os.path.dirname(part.path))
    ordered = in_order(columns_of(20_000))
    writer = EventsWriter(files, part.path)
    writer.write(between(ordered, 0, 10_000))
    writer.write(between(ordered, 10_000, 20_000))
    writer.finish()
    data = bytearray(files.read(part.path))
    metadata = pq.ParquetFile(part.path).metadata
    data[metadata.row_group(0).column(0).data_page_offset + 40] ^= 0xFF
    Path(part.path).write_bytes(data)
    later = float(ordered.timestamp[10_000]) / 1e6
    assert len(read_events(files, part, start=later)) == 10_000
    with pytest.raises(CorruptFile):
        read_events(files, part)


def test_files_are_built_for_readers_that_skip(files: Files, folder: Folder) -> None:
    """Sorted and said so, with page index, checksums and a bloom filter on ids; versions in the footer."""
    part = written(files, folder, 3000)
    metadata = pq.ParquetFile(part.path).metadata
    assert metadata.metadata[b"telemetryd.format"] == b"2"
    group = metadata.row_group(0)
    columns = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
    assert [each.column_index for each in group.sorting_columns] == [
        0,
        schema.EVENTS_SCHEMA.get_field_index("sequence"),
    ]
    assert "DELTA_BINARY_PACKED" in columns["timestamp"].encodings
    assert "DELTA_BINARY_PACKED" in columns["sequence"].encodings
    assert "BYTE_STREAM_SPLIT" in columns["latency"].encodings
    assert "RLE_DICTIONARY" in columns["operation_id"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert all(column.has_column_index and column.has_offset_index for column in columns.values())
    assert columns["operation_id"].bloom_filter_length


@pytest.mark.parametrize(("distinct", "dictionary"), [(1, True), (100, True), (1000, False)])
def test_sizes_have_a_dictionary_where_it_pays(files: Files, folder: Folder, distinct: int, dictionary: bool) -> None:
    """That is where each comes many times; either way they are read back."""
    ordered = in_order(columns_of(3000))
    sizes = replace(ordered, size=np.arange(3000) % distinct)
    part = Part.named(folder, "events", HOUR, "part", 1, 3000)
    os.makedirs(os.path.dirname(part.path), exist_ok=True)
    write_events(files, part.path, sizes)
    metadata = pq.ParquetFile(part.path).metadata.row_group(0)
    column = next(
        metadata.column(at) for at in range(metadata.num_columns) if metadata.column(at).path_in_schema == "size"
    )
    assert ("RLE_DICTIONARY" in column.encodings) == dictionary
    assert read_events(files, part).size.tolist() == sizes.size.tolist()


def test_the_stored_schema_is_the_documented_one(files: Files, folder: Folder) -> None:
    """A stranger's reader sees plain types: no dictionaries, microseconds in UTC."""
    events, rollups = written(files, folder, 10), written(files, folder, 10, "rollups")
    assert pq.read_schema(events.path).remove_metadata() == schema.EVENTS_SCHEMA
    stored = pq.read_schema(rollups.path).remove_metadata()
    assert stored.names == rollup_schema.ROLLUPS_SCHEMA.names
    lists = {"latency_buckets", "latency_bucket_counts"}
    assert all(
        stored.field(each.name).type == each.type for each in rollup_schema.ROLLUPS_SCHEMA if each.name not in lists
    )


def test_pandas_and_duckdb_read_the_partitions_with_the_same_counts(files: Files, folder: Folder) -> None:
    """Readers that know nothing of us count the same rows by hour and status, from the Hive folders alone."""
    heads = [frozen_of(4000, hours=3), frozen_of(1000, first=4001, hours=2)]
    sealed(files, folder, *heads)
    rows = in_file_order(*(head.columns for head in heads))
    expected = Counter((row[0] // 3_600_000_000 % 24, row[3]) for row in rows)
    root = folder.root("events")

    frame = pd.read_parquet(root)
    frame["code"] = frame["status"].map(schema.CODE_OF_STATE).fillna(255).astype(int)
    grouped = frame.groupby([frame["hour"].astype(int), "code"], observed=True).size()
    assert Counter({(int(hour), int(code)): int(count) for (hour, code), count in grouped.items()}) == expected
    assert (frame["timestamp"].dt.hour == frame["hour"].astype(int)).all()
    assert sorted(frame["sequence"]) == list(range(1, 5001))

    query = f"select hour::int, status, count(*) from read_parquet('{root}/*/*/*.parquet', hive_partitioning = true) group by all"
    counted = {
        (hour, schema.CODE_OF_STATE.get(status, 255)): count for hour, status, count in duckdb.sql(query).fetchall()
    }
    assert Counter(counted) == expected
    latencies = sum(row[5] or 0 for row in rows)
    [(total,)] = duckdb.sql(f"select sum(latency) from read_parquet('{root}/*/*/*.parquet')").fetchall()
    assert total == pytest.approx(latencies)
    assert frame["latency"].sum() == pytest.approx(latencies)


def test_pandas_and_duckdb_read_the_rollups_with_the_same_counts(files: Files, folder: Folder) -> None:
    """The rollups' entries add up to the same number for readers that know nothing of us."""
    parts = sealed(files, folder, frozen_of(3000, hours=2))
    ours = sum(int(read_rollups(files, part).operations.entries.sum()) for part in parts if part.kind == "rollups")
    root = folder.root("rollups")
    assert int(pd.read_parquet(root)["entries"].sum()) == ours
    assert duckdb.sql(f"select sum(entries)::bigint from read_parquet('{root}/*/*/*.parquet')").fetchall() == [(ours,)]


def test_an_operation_is_found_by_id_by_a_stranger(files: Files, folder: Folder) -> None:
    """A look-up by operation id gives the operation's rows."""
    written(files, folder, 3000)
    query = f"select sequence from read_parquet('{folder.root('events')}/*/*/*.parquet') where operation_id = 'operation-00000100'"
    expected = [row[1] for row in in_file_order(columns_of(3000)) if row[-1] == "operation-00000100"]
    assert sorted(sequence for (sequence,) in duckdb.sql(query).fetchall()) == sorted(expected)


def test_a_footer_tells_where_the_rows_begin(files: Files, folder: Folder) -> None:
    """A reader can plan without reading rows."""
    part = written(files, folder, 500)
    assert oldest_timestamp(files, part) == in_file_order(columns_of(500))[0][0]


def test_rollups_come_back_with_what_they_carry_on(files: Files, folder: Folder) -> None:
    """A rollup part gives its rows, and from its footer alone how it moved the queues and healths."""
    part = written(files, folder, 500, "rollups")
    columns = columns_of(500)
    rows = read_rollups(files, part)
    assert int(rows.operations.entries.sum()) == int(build(columns, 60).operations.entries.sum())
    assert read_carry(files, part) == carry_of(columns)


def test_a_part_that_was_removed_is_told_apart_from_a_bad_one(files: Files, folder: Folder) -> None:
    """A reader whose view is older than a compaction can look again."""
    part = Part.named(folder, "events", HOUR, "part", 1, 2)
    with pytest.raises(FileNotFoundError):
        read_events(files, part)


def test_a_part_is_whole_or_not_there(folder: Folder) -> None:
    """Wherever the disk fails, no file has a part's name that is not a whole part."""
    columns = in_order(columns_of(200))
    part = Part.named(folder, "events", HOUR, "part", 1, 200)
    Files().make_folder(os.path.dirname(part.path))
    for good in range(12):
        with suppress(OSError):
            write_events(FailingFiles(good), part.path, columns)
            break
        assert not os.path.exists(part.path)
    assert len(read_events(Files(), part)) == 200


def test_a_part_that_cannot_be_written_is_let_go_of_in_silence(
    folder: Folder, capfd: pytest.CaptureFixture[str]
) -> None:
    """Pyarrow would write what it still holds, and print that it could not."""
    part = Part.named(folder, "events", HOUR, "part", 1, 100)
    Files().make_folder(os.path.dirname(part.path))
    # What other tests have left speaks before.
    gc.collect()
    capfd.readouterr()
    for nth in (1, 2):
        with pytest.raises(OSError, match="Input/output error"):
            write_events(FailingFiles(faults=Faults(Fault("write", nth))), part.path, columns_of(100))
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_a_file_cut_off_anywhere_is_corrupt(files: Files, folder: Folder) -> None:
    """At no length but its own is a part readable, and the error names the file."""
    part = written(files, folder, 100)
    data = files.read(part.path)
    for length in range(0, len(data), 97):
        Path(part.path).write_bytes(data[:length])
        with pytest.raises(CorruptFile, match=os.path.basename(part.path)):
            read_events(files, part)


@pytest.mark.parametrize("kind", ["events", "rollups"])
def test_a_corrupt_byte_never_gives_wrong_numbers(files: Files, folder: Folder, kind: Kind) -> None:
    """With one byte changed in its pages a file is corrupt, or gives exactly what was stored."""
    part = written(files, folder, 100, kind)
    data = files.read(part.path)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    right = _content(files, part)
    refused = 0
    for position in range(4, footer, 41):
        damaged = bytearray(data)
        damaged[position] ^= 0x55
        Path(part.path).write_bytes(damaged)
        try:
            assert _content(files, part) == right, position
        except CorruptFile:
            refused += 1
    assert refused > 20


def test_a_corrupt_footer_is_no_crash(files: Files, folder: Folder) -> None:
    """Whatever a footer's bytes are, reading ends with rows or with a CorruptFile, nothing else."""
    part = written(files, folder, 100)
    data = files.read(part.path)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    refused = 0
    for position in range(footer, len(data), 23):
        damaged = bytearray(data)
        damaged[position] ^= 0xFF
        Path(part.path).write_bytes(damaged)
        try:
            read_events(files, part)
        except CorruptFile:
            refused += 1
    assert refused


def test_a_part_of_a_later_format_is_refused(files: Files, folder: Folder) -> None:
    """A release that does not know a format says so, and does not guess."""
    part = written(files, folder, 10)
    table = pq.read_table(part.path, partitioning=None)
    pq.write_table(table.replace_schema_metadata({"telemetryd.format": "3"}), part.path)
    with pytest.raises(CorruptFile, match="expected format 2 or before, found 3"):
        read_events(files, part)
    pq.write_table(table.replace_schema_metadata(None), part.path)
    with pytest.raises(CorruptFile, match="expected a part of telemetryd"):
        read_events(files, part)


def _content(files: Files, part: Part) -> object:
    if part.kind == "events":
        return rows_of(read_events(files, part))
    return rollup_schema.table_of(read_rollups(files, part))


def test_the_examples_of_the_documentation_run(
    files: Files, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    """What docs/format.md shows for pandas and DuckDB gives an answer on real partitions, as it stands there."""
    sealed(files, folder, frozen_of(2000))
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text().replace("2026-11-23", "2023-11-14")
    examples = re.findall(r"```(python|sql)\n(.*?)```", page, re.DOTALL)
    assert [language for language, _ in examples] == ["python", "sql", "sql"]
    for language, code in examples:
        code = re.sub(r"(~|/home/me)/\.ipfs_kit/telemetry", folder.path, code)
        if language == "python":
            exec(compile(code, "docs/format.md", "exec"), {})
            assert "operation_type" in capsys.readouterr().out
        else:
            assert len(duckdb.sql(code).fetchall()) > 3
