"""A result as nested JSON and as flat rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from telemetryd.api.serialize import FORMATS, coalesced, nested_pieces, rows_pieces
from telemetryd.model.series import SeriesKey
from telemetryd.query.result import MetricTable, Result

from .conftest import result

ENVELOPE = {"success": True, "operation": "get_telemetry"}


def test_metrics_are_nested_by_type_and_backend() -> None:
    """Metric, operation type and backend lead to a list of samples; health has no operation type."""
    found = json.loads(b"".join(nested_pieces(result(), ENVELOPE)))
    assert found == {
        **ENVELOPE,
        "metrics": {
            "operation_count": {
                "add": {
                    "ipfs": [
                        {"timestamp": 0, "count": 0, "by_status": {"pending": 0, "completed": 0}},
                        {"timestamp": 60, "count": 1, "by_status": {"pending": 1, "completed": 2}},
                    ]
                },
                "get": {
                    's3 "a", b': [
                        {"timestamp": 0, "count": 2, "by_status": {"pending": 2, "completed": 4}},
                        {"timestamp": 60, "count": 3, "by_status": {"pending": 3, "completed": 6}},
                    ]
                },
            },
            "operation_latency": {
                "add": {
                    "ipfs": [{"timestamp": 0, "count": 0, "mean": None}, {"timestamp": 60, "count": 1, "mean": 1 / 3}]
                },
                "get": {
                    's3 "a", b': [
                        {"timestamp": 0, "count": 2, "mean": 2 / 3},
                        {"timestamp": 60, "count": 3, "mean": 1.0},
                    ]
                },
            },
            "backend_health": {"ipfs": [{"timestamp": 0, "mean": 0.5}, {"timestamp": 60, "mean": 0.5}]},
        },
    }


def test_backends_of_one_type_are_together() -> None:
    """Two series of one operation type share its object, wherever they are in the table."""
    table = result(1).metrics["operation_count"]
    keys = (*table.keys, SeriesKey("add", "s3"))
    series, timestamp = np.array([0, 1, 2], np.int32), np.zeros(3, np.int64)
    three = Result(0, 60, 60, {"retry_count": MetricTable(keys, series, timestamp, {"count": np.arange(3)})}, 60)
    found = json.loads(b"".join(nested_pieces(three, ENVELOPE)))["metrics"]["retry_count"]
    assert {name: list(backends) for name, backends in found.items()} == {"add": ["ipfs", "s3"], "get": ['s3 "a", b']}


def test_rows_are_flat() -> None:
    """Each sample is one object with its metric and its series; the statuses are keys of their own."""
    rows = json.loads(b"".join(rows_pieces(result(), ENVELOPE)))["rows"]
    assert len(rows) == 10
    assert rows[0] == {
        "metric_type": "operation_count",
        "operation_type": "add",
        "backend": "ipfs",
        "timestamp": 0,
        "count": 0,
        "pending": 0,
        "completed": 0,
    }
    assert rows[4]["mean"] is None
    assert rows[-1] == {
        "metric_type": "backend_health",
        "operation_type": None,
        "backend": "ipfs",
        "timestamp": 60,
        "mean": 0.5,
    }


@pytest.mark.parametrize("samples", [4095, 4096, 4097, 10_000])
def test_many_samples_are_whole(samples: int) -> None:
    """Nothing is lost or doubled where one chunk ends and the next begins."""
    many = result(samples)
    nested = json.loads(b"".join(coalesced(nested_pieces(many, ENVELOPE))))
    found = [sample["timestamp"] for sample in nested["metrics"]["operation_count"]["add"]["ipfs"]]
    assert found == many.metrics["operation_count"].timestamp[:samples].tolist()
    rows = json.loads(b"".join(coalesced(rows_pieces(many, ENVELOPE))))["rows"]
    assert len(rows) == 5 * samples
    assert [row["count"] for row in rows[: 2 * samples]] == list(range(2 * samples))


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_something_in_every_format(name: str) -> None:
    """A result without a sample is a valid answer in every format."""
    nothing = np.array([], np.int64)
    empty = Result(
        0,
        60,
        60,
        {"throughput": MetricTable((), nothing.astype(np.int32), nothing, {"value": nothing.astype(float)})},
        60,
    )
    body = b"".join(FORMATS[name].pieces(empty, ENVELOPE))
    expected = {
        "json": b'{"success":true,"operation":"get_telemetry","metrics":{"throughput":{}}}',
        "rows": b'{"success":true,"operation":"get_telemetry","rows":[]}',
        "csv": b'"metric_type","operation_type","backend","timestamp","value"\n',
    }
    assert body == expected.get(name, body) and body


def test_pieces_are_coalesced() -> None:
    """Small pieces become few large ones, in order."""
    pieces = [bytes([number % 256]) * 100 for number in range(10_000)]
    found = list(coalesced(pieces))
    assert b"".join(found) == b"".join(pieces)
    assert len(found) == 4
