#!/usr/bin/env python3
"""Measure queries over many days beside DuckDB on the same files, in the same run, in alternation.

A store is made (``bench_store.py``), unless one is given; a real daemon answers over HTTP, whole answers as
JSON, while DuckDB reads the daemon's own Parquet in this process, warm, with ``approx_quantile``. Needs
``duckdb`` (the extra ``bench``).

    scripts/measure_queries.py
    scripts/measure_queries.py --days 3 --operations 100000 --rounds 3
    scripts/measure_queries.py --store FOLDER      # FOLDER/metrics is kept, and made where it is missing
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from bench_store import DAY, HOUR, Shape, make_store
from measured_daemon import MeasuredDaemon, running

# Days are made into files by the daemon itself, if they are not yet: until then it is not measured.
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the table: a range (Unix s) and the width (s) of a sample, or 0 for one a series."""

    name: str
    start: int
    end: int
    interval: int
    goal: float

    def parameters(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        shape = {"interval": self.interval} if self.interval else {"aggregation": "percentile_95"}
        return {"metric_type": "operation_latency", "start_time": self.start, "end_time": self.end, **shape}

    def sql(self, events: str) -> str:
        """Return it as DuckDB takes it, of the partitions of the range alone."""
        cell = f", time_bucket(interval '{self.interval} seconds', timestamp) as cell" if self.interval else ""
        first, last = (datetime.fromtimestamp(each, UTC) for each in (self.start, self.end - 1))
        hours = f"and hour = '{first:%H}'" if self.end - self.start <= HOUR else ""
        return f"""
            select operation_type, backend{cell}, count(*), sum(latency), avg(latency), min(latency), max(latency),
                   approx_quantile(latency, [0.5, 0.95, 0.99])
            from read_parquet('{events}/*/*/*.parquet', hive_partitioning = true)
            where date between '{first:%Y-%m-%d}' and '{last:%Y-%m-%d}' {hours}
              and timestamp >= to_timestamp({self.start}) and timestamp < to_timestamp({self.end})
              and status in ('completed', 'failed')
              and coalesce(previous_status, '') not in ('completed', 'failed')
            group by all
        """


def questions(shape: Shape) -> list[Question]:
    """Return the rows of the table for a store."""
    day, days = shape.end - DAY, shape.days
    half = days * DAY // 1440
    return [
        Question(f"{days} days, one sample a series", shape.begin, shape.end, 0, 50),
        Question(f"{days} days, 1,440 samples a series", shape.begin, shape.end, half, 20),
        Question("one day by minute", day, day + DAY, 60, 5),
        Question("one hour by minute", day + 12 * HOUR, day + 13 * HOUR, 60, 1),
        # From the middle of an hour to the middle of another.
        Question(f"{days - 1} days, uneven", shape.begin + 1800 + 60, shape.end - DAY + 1860, 0, 50),
    ]


def main() -> int:
    """Run the measurement and print its table."""
    options = parse()
    shape = Shape(int(time.time()) // DAY * DAY, options.days, options.operations, options.types, options.backends)
    # What is older than the retention would be removed under our hands.
    os.environ["IPFS_KIT_TELEMETRY_RETENTION"] = "3650"
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        folder = Path(options.store or name)
        metrics = folder / "metrics"
        if metrics.exists():
            shape = shape_of(metrics, shape)
        else:
            make_store(str(metrics), shape, lambda done, total: say(f"\rmade {done}/{total} hours "))
        with running(folder) as daemon:
            say(f"\nready after {daemon.seconds_to_ready:.2f} s\n")
            took = wait_for_days(daemon, shape)
            say(f"the last day's file was there after {took:.1f} s\n")
            rows = measure(options, daemon, shape)
            facts = {"seconds_to_ready": daemon.seconds_to_ready, "high_water_mib": daemon.high_water >> 20}
    print(json.dumps({"shape": asdict(shape), **facts, "rows": rows}, indent=2) if options.json else table(rows))
    return 0


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=30, help="whole days (default: %(default)s)")
    parser.add_argument("--operations", type=int, default=1_000_000, help="operations a day (default: %(default)s)")
    parser.add_argument("--types", type=int, default=5, help="operation types (default: %(default)s)")
    parser.add_argument("--backends", type=int, default=4, help="backends (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="times each is asked, in alternation (default: %(default)s)"
    )
    parser.add_argument("--store", help="a folder that keeps the store; made where there is none")
    parser.add_argument("--json", action="store_true", help="print facts instead of a table")
    return parser.parse_args()


def shape_of(metrics: Path, asked: Shape) -> Shape:
    """Return the shape that a store has which was made on another day."""
    dates = sorted(path.name.removeprefix("date=") for path in (metrics / "events").iterdir())
    end = int(datetime.fromisoformat(dates[-1]).replace(tzinfo=UTC).timestamp()) + DAY
    return Shape(end, len(dates), asked.operations, asked.types, asked.backends)


def measure(options: argparse.Namespace, daemon: MeasuredDaemon, shape: Shape) -> list[dict[str, Any]]:
    """Return a row for each question: medians and spreads of both sides, in milliseconds."""
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    rows = []
    for question in questions(shape):
        asked, sql = question.parameters(), question.sql(str(daemon.metrics_path / "events"))
        ask, query = partial(fetch, daemon, asked), partial(_queried, connection, sql)
        first = timed(ask)
        query()
        ours, theirs = [], []
        for round_ in range(options.rounds):
            say(f"\r{question.name}: round {round_ + 1}/{options.rounds}   ")
            ours.append(timed(ask))
            theirs.append(timed(query))
        explained = json.loads(fetch(daemon, {**asked, "explain": "true"}))["explain"]
        rows.append(
            {
                "question": question.name,
                "first": first,
                "ours": statistics.median(ours),
                "ours_spread": [min(ours), max(ours)],
                "duckdb": statistics.median(theirs),
                "duckdb_spread": [min(theirs), max(theirs)],
                "ratio": statistics.median(theirs) / statistics.median(ours),
                "goal": question.goal,
                "bytes": len(ask()),
                "explain": explained,
            }
        )
    say("\n")
    return rows


def _queried(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    return connection.sql(sql).to_arrow_table()


def wait_for_days(daemon: MeasuredDaemon, shape: Shape) -> float:
    """Wait until each day has its file; return for how long (s)."""
    begin, days = time.monotonic(), daemon.metrics_path / "days"
    while len(list(days.glob("*/*.parquet"))) < shape.days:
        if time.monotonic() - begin > PATIENCE:
            raise SystemExit(f"expected a file for each of {shape.days} days, found fewer after {PATIENCE:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - begin


def fetch(daemon: MeasuredDaemon, parameters: dict[str, Any]) -> bytes:
    """Return a whole answer of ``GET /metrics``."""
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{daemon.url}/api/v0/wal/telemetry/metrics?{query}", timeout=600) as answer:
        return bytes(answer.read())


def timed(call: Callable[[], object]) -> float:
    """Return how long a call takes, in milliseconds."""
    begin = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin)


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [
        "| query | first | telemetryd (ms) | spread | DuckDB (ms) | spread | ratio | goal |",
        "|---|---:|---:|---|---:|---|---:|---:|",
    ]
    for row in rows:
        spreads = ["{:.1f} to {:.1f}".format(*row[side]) for side in ("ours_spread", "duckdb_spread")]
        lines.append(
            f"| {row['question']} | {row['first']:.1f} | {row['ours']:.1f} | {spreads[0]} | {row['duckdb']:.0f} "
            f"| {spreads[1]} | {row['ratio']:.1f} | {row['goal']:g} |"
        )
    return "\n".join(lines)


def say(text: str) -> None:
    """Show progress."""
    print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
