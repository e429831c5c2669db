"""One answer in four formats: the same samples with the same numbers."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from .comparing import differences
from .daemon import Daemon
from .random_history import RandomHistory, new_seed

HOUR = 3600
KEYS = ("metric_type", "operation_type", "backend")


@pytest.fixture(scope="module")
def filled(shared_daemon: Daemon) -> tuple[Daemon, int]:
    """A daemon that holds two random hours, and when they begin."""
    begin = int(time.time()) // HOUR * HOUR - 2 * HOUR
    with shared_daemon.producer() as producer:
        producer.hello("wal")
        batches = RandomHistory(new_seed(), begin, begin + 2 * HOUR, 150).batches(1, 400)
        for number, (_, events) in enumerate(batches):
            producer.store(number + 1, events)
    return shared_daemon, begin


@pytest.mark.parametrize("aggregation", [None, "average"])
@pytest.mark.parametrize("name", ["rows", "csv", "arrow"])
def test_every_format_has_the_same_samples(filled: tuple[Daemon, int], name: str, aggregation: str | None) -> None:
    """Flat rows put together by metric and series are the nested answer; what a metric lacks is left empty."""
    daemon, begin = filled
    params: dict[str, Any] = {"start_time": begin, "end_time": begin + 2 * HOUR, "interval": 300}
    if aggregation:
        params["aggregation"] = aggregation
    nested = daemon.get("metrics", **params)
    answer = daemon.ask("GET", "metrics", params={**params, "format": name})
    assert answer.status_code == 200
    rows = list({"rows": from_json, "csv": from_csv, "arrow": from_arrow}[name](answer.content))
    assert len(rows) > 500 or aggregation
    assert not differences(nested, {**nested, "metrics": nest(rows)}, until_now=False)


def nest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return flat rows in the shape of the nested answer."""
    metrics: dict[str, Any] = {}
    for row in rows:
        path = [row[key] for key in KEYS if row.get(key) is not None]
        sample = {key: value for key, value in row.items() if key not in KEYS and value is not None}
        if path[0] == "operation_count":
            statuses = ("pending", "processing", "retrying", "completed", "failed")
            sample["by_status"] = {status: sample.pop(status) for status in statuses if status in sample}
        at = metrics
        for word in path[:-1]:
            at = at.setdefault(word, {})
        at.setdefault(path[-1], []).append(sample)
    return metrics


def from_json(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows of an envelope."""
    yield from json.loads(content)["rows"]


def from_csv(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV file with a header; what is empty is None."""
    for row in csv.DictReader(io.StringIO(content.decode())):
        yield {
            name: None
            if text == ""
            else text
            if name in KEYS
            else float(text)
            if "." in text or "e" in text
            else int(text)
            for name, text in row.items()
        }


def from_arrow(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows of an Arrow stream; instants as Unix seconds."""
    for row in pa.ipc.open_stream(content).read_all().to_pylist():
        at = row["timestamp"]
        yield {**row, "timestamp": int(at.timestamp()) if isinstance(at, datetime) else at}
