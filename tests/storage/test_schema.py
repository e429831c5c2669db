"""The columns of events files."""

from __future__ import annotations

import re
from array import array
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from telemetryd.storage import schema

from .samples import columns_of, head_of, rows_of, series_of


def test_every_row_comes_back_as_it_was() -> None:
    """Columns to table and back lose nothing: absent values, unplaced rows and rows of health included."""
    columns = columns_of(500)
    assert rows_of(schema.columns_of(schema.table_of(columns))) == rows_of(columns)


def test_no_rows_make_a_table_too() -> None:
    """An empty table has all columns."""
    table = schema.table_of(columns_of(0))
    assert table.column_names == schema.EVENTS_SCHEMA.names
    assert rows_of(schema.columns_of(table)) == []


def test_the_columns_are_those_of_the_contract_in_its_order() -> None:
    """Twelve columns that people build on, and one more that says what a row meant to the queue."""
    assert schema.EVENTS_SCHEMA.names == [
        "timestamp",
        "event",
        "operation_id",
        "operation_type",
        "backend",
        "status",
        "latency",
        "retry_count",
        "error_type",
        "size",
        "producer",
        "sequence",
        "previous_status",
    ]
    assert schema.EVENTS_SCHEMA.field("timestamp").type == pa.timestamp("us", tz="UTC")


def test_a_row_reads_in_words_and_nulls() -> None:
    """What a stranger sees has no codes: words, and null for what is not there."""
    head = head_of(0)
    none, series = array("d", (np.nan,)), [series_of(2, 2)]
    head.append([1e-6], b"\0", series, b"\0", b"\xff", none, {}, {}, {}, 1, ["a"])
    head.append([2e-6], b"\3", series, b"\xff", b"\xfe", none, {}, {}, {}, 0, ["a"])
    head.append([3e-6], b"\2", [~2], b"\6", b"\5", none, {}, {}, {}, 1, [None])
    head.append([4e-6], b"\1", series, b"\3", b"\1", array("d", (0.25,)), {0: 1}, {0: 5}, {0: 1}, 2, ["b"])
    rows = [tuple(row.values())[1:] for row in schema.table_of(head.columns()).to_pylist()]
    assert rows == [
        ("operation_start", "a", "add", "ipfs", "pending", None, None, None, None, "node-1", 1, None),
        ("operation_expired", "a", "add", "ipfs", None, None, None, None, None, None, 2, "unplaced"),
        ("backend_health_change", None, None, "ipfs", "degraded", None, None, None, None, "node-1", 3, "online"),
        ("status_change", "b", "add", "ipfs", "completed", 0.25, 1, "Timeout", 5, "node-2", 4, "processing"),
    ]


def test_only_names_in_use_are_stored() -> None:
    """A daemon that has seen ten thousand producers does not write all their names into every part."""
    head = head_of(0)
    head.append([1e-6], b"\0", [series_of(2, 2)], b"\0", b"\xff", array("d", (np.nan,)), {}, {}, {}, 2, ["a"])
    assert schema.table_of(head.columns())["producer"].chunk(0).dictionary.to_pylist() == ["node-2"]


def test_a_column_that_was_not_read_is_absent_in_every_row() -> None:
    """Reading fewer columns gives columns of full length that say nothing, and no ids."""
    wanted = schema.file_columns(("status", "previous"))
    assert wanted == ["timestamp", "status", "previous_status"]
    columns = schema.columns_of(schema.table_of(columns_of(5)).select(wanted))
    assert columns.operation_id is None
    assert np.isnan(columns.latency).all()
    assert columns.size.tolist() == [-1] * 5
    assert columns.backend.tolist() == [0] * 5
    assert columns.backends == ("",)
    assert schema.file_columns(None) == schema.file_columns(schema.FIELDS)


def test_plain_words_are_read_like_dictionaries() -> None:
    """How a file encodes its words does not matter."""
    table = schema.table_of(columns_of(50))
    plain = table.cast(schema.EVENTS_SCHEMA)
    assert rows_of(schema.columns_of(plain)) == rows_of(schema.columns_of(table))


def test_words_that_are_not_ours_are_refused() -> None:
    """A status that no release ever wrote is an error of the file."""
    table = schema.table_of(columns_of(1))
    place = table.column_names.index("event")
    foreign = table.set_column(place, "event", pa.array(["launched"]))
    with pytest.raises(KeyError):
        schema.columns_of(foreign)


def test_every_column_is_documented_with_its_type() -> None:
    """docs/format.md tells each column of events files, in their order."""
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text()
    section = page.split("## Events, column by column")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE)
    told = {"timestamp[us, tz=UTC]": "timestamp[us, UTC]"}
    assert documented == [(each.name, told.get(str(each.type), str(each.type))) for each in schema.EVENTS_SCHEMA]
