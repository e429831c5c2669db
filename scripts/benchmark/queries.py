"""Queries over many days, beside DuckDB on the same Parquet and ipfs_kit_py's ``get_metrics``.

The questions are those of ``measure_queries.py``: latencies of every series, with their percentiles. A real daemon answers
over HTTP with all of it as JSON, every time anew; DuckDB reads the daemon's own events in this process, warm, with
``approx_quantile``. ``get_metrics`` is asked for one day, which it has as JSON with a point for each operation,
and for the 95th percentile alone; its Arrow half fails whatever it is asked, so that its
JSON half is asked.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from measured_daemon import MeasuredDaemon, running

from tests import peers

from .lines import Account, Line, at_most, times
from .run import Run
from .stores import DAY, KEEP_ALL, PROGRAM, Store

# Of a fixed number of days, whatever the store has.
_WIDEST = at_most(50)


def measure(run: Run) -> Account:
    """Return the lines."""
    sizes = run.sizes
    if not PROGRAM.exists():
        return Account([Line("queries", "ms", (), "DuckDB", missing=f"not measured: {PROGRAM.name} is not there")])
    try:
        asking = importlib.import_module("measure_queries")
    except ModuleNotFoundError as error:
        return Account([Line("queries", "ms", (), "DuckDB", missing=f"not measured: {error.name} is not installed")])
    store = Store(sizes.days, sizes.operations_a_day)
    folder = store.folder(run.stores)
    shape = importlib.import_module("bench_store").Shape(store.end(run.stores), store.days, store.operations)
    lines = []
    with running(folder, environment=KEEP_ALL) as daemon:
        run.step("waiting for the days", 0)
        asking.wait_for_days(daemon, shape)
        questions = asking.questions(shape)
        share = 1 / (len(questions) + 1)
        for number, question in enumerate(questions):
            ours, theirs = _beside_duckdb(run.within(number * share, (number + 1) * share), asking, daemon, question)
            if number == 0:
                lines.append(Line(f"query: {question.name}", "ms", ours, goal=_WIDEST))
            lines.append(Line(f"query: {question.name}", "ms", ours, "DuckDB", theirs, times(question.goal)))
        run.step("ipfs_kit_py", 1 - share)
        lines.append(_beside_get_metrics(run.within(1 - share, 1), asking, daemon, shape.end - DAY))
    return Account(lines)


def _beside_duckdb(run: Run, asking: Any, daemon: MeasuredDaemon, question: Any) -> tuple[list[float], list[float]]:
    import duckdb

    asked, sql = question.parameters(), question.sql(str(daemon.metrics_path / "events"))
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    turns: dict[str, Callable[[], float]] = {
        "telemetryd": lambda: float(asking.timed(lambda: asking.fetch(daemon, asked))),
        "DuckDB": lambda: float(asking.timed(lambda: connection.sql(sql).to_arrow_table())),
    }
    for warm in turns.values():
        warm()
    found = run.alternate(run.sizes.query_rounds, turns)
    connection.close()
    return found["telemetryd"], found["DuckDB"]


def _beside_get_metrics(run: Run, asking: Any, daemon: MeasuredDaemon, day: int) -> Line:
    module: Any = peers.wal_telemetry()
    module.ARROW_AVAILABLE = False
    folder = run.folder / "ipfs_kit_py"
    points = _keep_as_json(daemon.metrics_path, folder, day)
    telemetry = module.WALTelemetry(None, str(folder), sampling_interval=3600)
    question = asking.Question("one day, one sample a series", day, day + DAY, 0, 1)

    def theirs() -> object:
        answer = telemetry.get_metrics("operation_latency", time_range=(day, day + DAY), aggregation="percentile_95")
        if not answer["success"] or not answer["metrics"]:
            raise SystemExit(f"expected an answer of ipfs_kit_py, found {answer}")
        return answer

    turns: dict[str, Callable[[], float]] = {
        "telemetryd": lambda: float(asking.timed(lambda: asking.fetch(daemon, question.parameters()))),
        "ipfs_kit_py": lambda: float(asking.timed(theirs)),
    }
    found = run.alternate(run.sizes.query_rounds, turns)
    telemetry.close()
    what = f"query: one day, one sample a series ({points:,} operations)"
    return Line(what, "ms", found["telemetryd"], "ipfs_kit_py's get_metrics", found["ipfs_kit_py"])


def _keep_as_json(metrics: Path, folder: Path, day: int) -> int:
    """Write the operations that ended on a day as ipfs_kit_py keeps them; return how many."""
    columns = ("timestamp", "operation_type", "backend", "latency")
    utc = datetime.fromtimestamp(day, UTC)
    files = sorted((metrics / "events").glob(f"date={utc:%Y-%m-%d}/*/*.parquet"))
    kept: defaultdict[str, defaultdict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    count = 0
    for file in files:
        table = pq.ParquetFile(file).read(columns).to_pydict()
        for at, operation_type, backend, latency in zip(*(table[name] for name in columns), strict=True):
            if latency is not None:
                kept[operation_type][backend].append((at.timestamp(), latency))
                count += 1
    folder.mkdir()
    # It looks for the local date.
    (folder / f"metrics_{utc.astimezone():%Y%m%d}.json").write_text(json.dumps({"latency_metrics": kept}))
    return count
