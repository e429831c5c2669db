"""A result as an Arrow stream and as CSV."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest

from telemetryd.query.tables import arrow_pieces, csv_pieces
from tests.api.conftest import result

COLUMNS = ["metric_type", "operation_type", "backend", "timestamp", "count", "pending", "completed", "mean"]


def test_an_arrow_stream_holds_all_metrics_in_one_table() -> None:
    """One row a sample, typed; a column that is not a metric's own is null, and so is what is no number."""
    stream = b"".join(arrow_pieces(result(), {"start_time": 0, "aggregation": None}))
    table = pa.ipc.open_stream(stream).read_all()
    assert table.column_names == COLUMNS
    assert table.schema.field("timestamp").type == pa.timestamp("s", "UTC")
    assert table.schema.field("count").type == pa.int64()
    assert table.schema.field("mean").type == pa.float64()
    assert table.schema.metadata == {b"telemetryd.start_time": b"0"}
    rows = table.to_pylist()
    assert len(rows) == 10
    assert (rows[3]["operation_type"], rows[3]["backend"], rows[3]["count"], rows[3]["mean"]) == (
        "get",
        's3 "a", b',
        3,
        None,
    )
    assert rows[4]["mean"] is None and rows[5]["mean"] == 1 / 3
    assert (rows[9]["operation_type"], rows[9]["count"], rows[9]["mean"]) == (None, None, 0.5)


def test_csv_has_a_header_and_a_line_a_sample() -> None:
    """Any CSV reader gives the names back as they were; what is missing is empty."""
    text = b"".join(csv_pieces(result())).decode()
    header, *rows = csv.reader(io.StringIO(text))
    assert header == COLUMNS
    assert rows[3] == ["operation_count", "get", 's3 "a", b', "60", "3", "3", "6", ""]
    assert rows[4] == ["operation_latency", "add", "ipfs", "0", "0", "", "", ""]
    assert rows[9] == ["backend_health", "", "ipfs", "60", "", "", "", "0.5"]


@pytest.mark.parametrize("samples", [65_535, 65_536, 65_537])
def test_many_samples_come_in_batches(samples: int) -> None:
    """Nothing is lost or doubled where one batch ends and the next begins."""
    many = result(samples)
    pieces = list(arrow_pieces(many, {}))
    assert len(pieces) > 3
    table = pa.ipc.open_stream(b"".join(pieces)).read_all()
    assert table["count"].to_pylist()[: 2 * samples] == list(range(2 * samples))
    assert sum(piece.count(b"\n") for piece in csv_pieces(many)) == 1 + 5 * samples
