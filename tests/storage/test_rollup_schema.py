"""The columns of rollup files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from telemetryd.rollup.build import build
from telemetryd.rollup.columns import RollupRows
from telemetryd.storage import rollup_schema

from .samples import columns_of


def as_values(rows: RollupRows) -> list[tuple[object, ...]]:
    """Return every rollup row as plain values, codes told by their names."""
    operations, queue, health = rows.operations, rows.queue, rows.health
    told: list[tuple[object, ...]] = []
    for i in range(len(operations)):
        cells = slice(operations.offset[i], operations.offset[i + 1])
        facts = (
            operations.entries[i],
            operations.count[i],
            operations.sum[i],
            operations.minimum[i],
            operations.maximum[i],
        )
        histogram = (tuple(operations.bucket[cells].tolist()), tuple(operations.bucket_count[cells].tolist()))
        key = rows.series[operations.series[i]]
        told.append((operations.start[i], operations.width[i], key, operations.status[i], *facts, *histogram))
    for i in range(len(queue)):
        numbers = (queue.net[i], queue.integral[i], queue.minimum[i], queue.maximum[i])
        told.append((queue.start[i], queue.width[i], rows.series[queue.series[i]], queue.state[i], *numbers))
    for i in range(len(health)):
        seconds = (health.lead[i], health.known[i], health.integral[i], health.minimum[i], health.maximum[i])
        told.append(
            (health.start[i], health.width[i], rows.backends[health.backend[i]], *seconds, repr(float(health.last[i])))
        )
    return told


def test_every_row_comes_back_as_it_was() -> None:
    """Rollup rows to table and back lose nothing: histograms, empty extremes, unknown healths included."""
    rows = build(columns_of(2000), 60)
    back = rollup_schema.rows_of(rollup_schema.table_of(rows))
    assert as_values(back) == as_values(rows)
    assert set(back.series) == set(rows.series)
    kinds = {name: getattr(back.operations, name).dtype for name in back.operations.__slots__}
    assert kinds == {name: getattr(rows.operations, name).dtype for name in rows.operations.__slots__}


def test_no_rows_make_a_table_too() -> None:
    """A rollup of nothing is stored and read like any other."""
    rows = build(columns_of(0), 60)
    table = rollup_schema.table_of(rows)
    assert table.column_names == rollup_schema.ROLLUPS_SCHEMA.names
    assert as_values(rollup_schema.rows_of(table)) == []


def test_a_column_that_does_not_apply_is_null() -> None:
    """A stranger can tell the three kinds of rows by `kind`, and by what is null in them."""
    table = rollup_schema.table_of(build(columns_of(2000), 60))
    for row in table.to_pylist():
        assert (row["entries"] is not None) == (row["kind"] == "operations")
        assert (row["queue_net"] is not None) == (row["kind"] == "queue")
        assert (row["health_lead"] is not None) == (row["kind"] == "health")
        assert (row["operation_type"] is None) == (row["kind"] == "health")
        assert row["kind"] != "operations" or (row["latency_min"] is None) == (row["latency_count"] == 0)
    assert "in_flight" in table["status"].to_pylist()


def test_series_are_those_of_operations_only() -> None:
    """A backend whose health is known and that has no operations makes no series."""
    columns = columns_of(300)
    health = columns.take(columns.event == 2)
    assert rollup_schema.rows_of(rollup_schema.table_of(build(health, 60))).series == ()


def test_numbers_that_are_missing_are_refused() -> None:
    """A null where every release writes a number is an error of the file, not a zero."""
    table = rollup_schema.table_of(build(columns_of(200), 60))
    place = table.column_names.index("entries")
    broken = table.set_column(place, "entries", pa.nulls(len(table), pa.int64()))
    with pytest.raises(ValueError, match="expected a number in every row"):
        rollup_schema.rows_of(broken)


def test_histograms_that_do_not_fit_are_refused() -> None:
    """Every bucket has its count, in every row."""
    table = rollup_schema.table_of(build(columns_of(200), 60))
    place = table.column_names.index("latency_bucket_counts")
    empty = pa.array([[]] * len(table), pa.list_(pa.int64()))
    with pytest.raises(ValueError, match="as many bucket counts as buckets"):
        rollup_schema.rows_of(table.set_column(place, "latency_bucket_counts", empty))
    assert np.array_equal(rollup_schema.rows_of(table).operations.offset[:1], [0])


def test_every_column_is_documented() -> None:
    """docs/format.md tells each column of rollup files, in their order."""
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text()
    section = page.split("## Rollups, column by column")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == rollup_schema.ROLLUPS_SCHEMA.names
