"""What lies on disk: one file an hour, in its own hour's folder, for anyone to read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.oracle.events import change, health, life, start

from .daemon import Daemon, files_below
from .parquet_files import QUICK, holds, is_compact, partition, rows_in
from .waiting import until

HOUR = 3600
# The contract's columns, dictionaries aside.
COLUMNS = {
    "timestamp": "timestamp[us, tz=UTC]",
    "event": "string",
    "operation_id": "string",
    "operation_type": "string",
    "backend": "string",
    "status": "string",
    "latency": "double",
    "retry_count": "int32",
    "error_type": "string",
    "size": "int64",
    "producer": "string",
    "sequence": "int64",
}


def past_hours() -> list[list[dict[str, Any]]]:
    """Return 3, 5 and 7 operations of three past hours and one that spans two, hours mixed, in four batches."""
    now = time.time() // HOUR * HOUR
    lives = [
        life(f"{hours}-{number}", now - hours * HOUR + 60 * number, 2.0, "failed" if number % 3 == 0 else "completed")
        for hours, operations in ((2, 3), (5, 5), (30, 7))
        for number in range(operations)
    ]
    batches = [[event for each in lives[at::4] for event in each] for at in range(4)]
    batches[1].append(start("spanning", now - 5 * HOUR + 3590, "pin", "s3", size=42))
    batches[2].append(change("spanning", "completed", now - 4 * HOUR + 10))
    batches[3].append(health("s3", "degraded", now - 2 * HOUR + 5))
    return batches


@pytest.fixture(scope="module")
def filed(new_shared_daemon: Callable[..., Daemon]) -> tuple[Daemon, list[dict[str, Any]]]:
    """A daemon whose rows are all in compacted hours, and the events in them; tests only look at it."""
    daemon = new_shared_daemon(**QUICK)
    daemon.start()
    events: list[dict[str, Any]] = []
    with daemon.producer() as producer:
        producer.hello("the WAL")
        for number, batch in enumerate(past_hours()):
            events += batch
            producer.store(number + 1, batch)
            # Each batch is sealed on its own: several parts of each hour.
            until(partial(holds, daemon, len(events)), "the batch to be sealed")
    until(lambda: is_compact(daemon, "events") and holds(daemon, len(events)), "every hour to be one file")
    return daemon, events


def test_events_land_in_the_partition_of_their_own_hour(filed: tuple[Daemon, list[dict[str, Any]]]) -> None:
    """However late they come: each hour's folder has the rows of that hour and no others."""
    daemon, events = filed
    expected = Counter(partition(event["timestamp"]) for event in events)
    assert {hour: rows_in(paths) for hour, paths in daemon.partitions().items()} == expected
    for hour, paths in daemon.partitions().items():
        for at in pq.read_table(paths[0], partitioning=None)["timestamp"].to_pylist():
            assert partition(at.timestamp()) == hour


def test_a_compacted_hour_is_exactly_one_file(filed: tuple[Daemon, list[dict[str, Any]]]) -> None:
    """One of events and one of rollups; nothing temporary stays."""
    daemon, _ = filed
    for kind in ("events", "rollups"):
        until(partial(is_compact, daemon, kind), f"one file of {kind} an hour")
        for folder in (daemon.metrics_path / kind).glob("date=*/hour=*"):
            assert len(list(folder.iterdir())) == 1, list(folder.iterdir())
    # In the first hours of a day the file of the day before is made meanwhile.
    until(lambda: not [each for each in files_below(daemon.metrics_path) if ".tmp" in each.name], "nothing temporary")


def test_the_columns_are_those_of_the_contract(filed: tuple[Daemon, list[dict[str, Any]]]) -> None:
    """In their order and of their types, dictionaries aside; what comes besides comes after."""
    daemon, _ = filed
    for paths in daemon.partitions().values():
        schema = pq.read_schema(paths[0])
        assert schema.names[: len(COLUMNS)] == list(COLUMNS)
        for name, kind in COLUMNS.items():
            found = schema.field(name).type
            assert str(getattr(found, "value_type", found)).replace("large_string", "string") == kind, name


def test_pandas_reads_back_the_same_counts(filed: tuple[Daemon, list[dict[str, Any]]]) -> None:
    """The folder as one table, partitions as columns."""
    daemon, events = filed
    table = pd.read_parquet(daemon.metrics_path / "events")
    assert Counter(table["event"].astype(str)) == Counter(event["event"] for event in events)
    statuses = [event["status"] for event in events if event["event"] == "status_change"]
    changes = table[table["event"].astype(str) == "status_change"]
    assert Counter(changes["status"].astype(str)) == Counter(statuses)
    ended = changes[changes["status"].astype(str).isin(["completed", "failed"])]
    assert sorted(ended["latency"].tolist()) == [2.0] * 15 + [20.0]
    assert table["sequence"].is_unique
    assert set(table["producer"].astype(str)) == {"the WAL"}
    assert {"date", "hour"} <= set(table.columns)
    start_row = table[(table["operation_id"] == "spanning") & (table["event"].astype(str) == "operation_start")].iloc[0]
    assert (start_row["operation_type"], start_row["backend"], start_row["size"]) == ("pin", "s3", 42)


def test_duckdb_reads_back_the_same_counts(filed: tuple[Daemon, list[dict[str, Any]]]) -> None:
    """By hour and by status, with the partitions found from the paths, the same as the API."""
    daemon, events = filed
    pattern = str(daemon.metrics_path / "events" / "*" / "*" / "*.parquet")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        by_hour = connection.execute(
            "SELECT count(*), min(epoch(timestamp)), any_value(date), any_value(hour)"
            f" FROM read_parquet('{pattern}', hive_partitioning = true) GROUP BY date, hour"
        ).fetchall()
        by_status = connection.execute(
            f"SELECT status, count(*) FROM read_parquet('{pattern}') WHERE event = 'status_change' GROUP BY status"
        ).fetchall()
    assert sorted(count for count, *_ in by_hour) == sorted(Counter(partition(e["timestamp"]) for e in events).values())
    for _, at, date, hour in by_hour:
        assert partition(at) == f"date={date}/hour={int(hour):02d}"
    found = dict(by_status)
    oldest = min(event["timestamp"] for event in events)
    for status in ("processing", "completed", "failed"):
        assert found[status] == daemon.entries(status, start_time=oldest)
