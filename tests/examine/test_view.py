"""What is shown of a store, a segment and a part."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from telemetryd.examine.text import view_lines
from telemetryd.examine.view import inspect
from telemetryd.model.errors import CorruptFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.records import Checkpoint
from tests.damage import ODD, put_odd

from .places import ACTIVE_SEGMENT, HOUR_EVENTS, HOUR_ROLLUP, flip, picture


def test_a_store_is_shown_hour_by_hour(store: Path) -> None:
    """With its sizes, its journal and its sequences; nothing is touched, and all of it is plain data."""
    before = picture(store)
    shown = json.loads(json.dumps(inspect(str(store), 0, 0), default=str))
    assert picture(store) == before
    assert (shown["kind"], shown["in_use_by_process"], shown["last_sequence"]) == ("store", None, 42)
    assert [hour["hour"] for hour in shown["hours"]] == ["date=2023-11-14/hour=21", "date=2023-11-14/hour=22"]
    assert (shown["events"]["files"], shown["events"]["rows"]) == (3, 21)
    assert shown["events"]["bytes_per_row"] == shown["events"]["bytes"] / 21
    assert [each["events"] for each in shown["journal"]] == [7, 14]


def test_the_books_of_whoever_wrote_last_are_shown(store: Path) -> None:
    """Of the newest segment that has any: what came in, and what became of it."""
    books = {"received": 10, "stored": 6, "duplicate": 3, "rejected": 1, "discarded": 0, "in_flight": 0}
    assert inspect(str(store), 0, 0)["books"] is None
    path = store / "journal" / "00000000000000000043.active"
    ActiveSegment.create(Files(), Folder(Files(), str(store)), Checkpoint(43, True, b"", books)).close()
    closed = path.with_suffix(".closed")
    assert inspect(str(store), 0, 0)["books"] == inspect(str(closed), 0, 0)["checkpoint"]["books"] == books
    line = "  books       received 10 = stored 6 + duplicate 3 + rejected 1 + discarded 0 + in flight 0"
    assert line in view_lines(inspect(str(store), 0, 0))
    assert line in view_lines(inspect(str(closed), 0, 0))


def test_a_store_with_bad_files_is_shown_without_them(store: Path) -> None:
    """What cannot be read is `fsck`'s business."""
    flip(store / HOUR_EVENTS, -20)
    (store / ACTIVE_SEGMENT).write_bytes(b"noise")
    shown = inspect(str(store), 0, 0)
    assert shown["events"]["files"] == 2
    assert [each["events"] for each in shown["journal"]] == [7, None]


def test_a_segment_is_shown_with_its_first_records(store: Path) -> None:
    """Its checkpoint, how many records of which kind, and as many of them as were asked for."""
    shown = inspect(str(store / ACTIVE_SEGMENT), 0, 1)
    assert (shown["kind"], shown["closed"], shown["checkpoint"]["sequence"]) == ("segment", False, 29)
    assert shown["records"] == {"events": {"records": 2, "events": 14}}
    assert [each["batch"] for each in shown["first_records"]] == [5]


def test_a_part_is_shown_with_its_columns_and_first_rows(store: Path) -> None:
    """What its footer says: rows, time, sequences, and what each column takes."""
    shown = inspect(str(store / HOUR_EVENTS), 2, 0)
    assert (shown["kind"], shown["format"], shown["footer_checksum"], shown["in_its_place"]) == (
        "events",
        2,
        "right",
        True,
    )
    assert (shown["rows"], shown["row_groups"], shown["sequence"]) == (7, 1, [1, 7])
    assert str(shown["timestamp"][0]) == "2023-11-14 21:10:00+00:00"
    columns = {column["name"]: column for column in shown["columns"]}
    assert columns["timestamp"]["type"] == "timestamp[us, tz=UTC]"
    assert "DELTA_BINARY_PACKED" in columns["sequence"]["encodings"]
    assert sum(column["bytes"] for column in columns.values()) < shown["bytes"]
    assert [row["operation_id"] for row in shown["first_rows"]] == ["1-a", "1-a"]
    assert inspect(str(store / HOUR_ROLLUP), 0, 0)["kind"] == "rollups"


def test_a_part_anywhere_tells_where_it_belongs(store: Path, tmp_path: Path) -> None:
    """A copy can be looked at; one of format 1 has neither a place nor a checksum."""
    copy = Path(shutil.copy(store / HOUR_EVENTS, tmp_path / "copy.parquet"))
    shown = inspect(str(copy), 0, 0)
    assert (shown["place"], shown["in_its_place"]) == (HOUR_EVENTS, False)
    old = next((Path(__file__).parents[1] / "storage" / "format_1" / "events").rglob("*.parquet"))
    shown = inspect(str(old), 1, 0)
    assert (shown["format"], shown["footer_checksum"], shown["place"], shown["rows"]) == (1, None, None, len_of(old))


def len_of(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def test_a_damaged_footer_is_told_if_it_can_be_parsed_at_all(store: Path) -> None:
    """To look at it is why a person asks."""
    data = (store / HOUR_EVENTS).read_bytes()
    (store / HOUR_EVENTS).write_bytes(data.replace(b"parquet-cpp-arrow", b"parquet-cpp-errow"))
    assert inspect(str(store / HOUR_EVENTS), 0, 0)["footer_checksum"] == "wrong"


def test_what_is_none_of_the_three_is_refused(store: Path, tmp_path: Path) -> None:
    """Noise, Parquet of others, a segment of nothing, and things that are no files: one sentence each."""
    (tmp_path / "noise").write_bytes(b"noise")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "theirs.parquet")
    (tmp_path / "00000000000000000001.active").write_bytes(b"noise")
    names = ["noise", "theirs.parquet", "00000000000000000001.active"]
    for kind in ODD[2:]:
        put_odd(tmp_path / kind, kind)
        names.append(kind)
    for name in names:
        with pytest.raises(CorruptFile, match="expected"):
            inspect(str(tmp_path / name), 1, 1)
