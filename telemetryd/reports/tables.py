"""The tables of a report: rows as ``report.json`` has them, and the columns in which the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from .facts import Facts
from .outages import BackendHealth
from .questions import LISTED
from .wording import ABSENT, duration, instant, number, percent

Row: TypeAlias = dict[str, Any]
# Rows of a table that the page shows; all are in report.json.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key of a row's value, its heading, how it is written, and what it is (its CSS class)."""

    key: str
    label: str
    show: Callable[[Any], str]
    kind: str = "number"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is shown, and by what it is sorted; empty where it is by what is shown."""

    text: str
    order: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; ``note`` says what a reader must know of its numbers, ``empty`` why it has no rows."""

    name: str
    title: str
    note: str
    empty: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    more: int


def rows_of(facts: Facts) -> dict[str, list[Row]]:
    """Return the rows of all tables by the table's name, as numbers."""
    series = sorted(facts.totals.series, key=lambda each: (-each.ended, each.key))
    return {
        "series": [_series(each, facts.totals.seconds) for each in series],
        "backends": _backends(facts),
        "slowest": [*facts.slowest],
        "failed": [*facts.failed[:LISTED]],
    }


def tables(facts: Facts) -> list[Table]:
    """Return the tables as the page shows them."""
    rows = rows_of(facts)
    return [_table(name, rows[name], *_TEXTS[name]) for name in _TEXTS]


def _series(each: Any, seconds: float) -> Row:
    operation_type, backend = each.key
    counts = {name: value for name, value in asdict(each).items() if name not in ("key", "latencies", "sum")}
    rates = {
        "ended": each.ended,
        "success_rate": each.success_rate,
        "throughput": each.ended * 60 / seconds if seconds else None,
    }
    return {"operation_type": operation_type, "backend": backend, **counts, **rates}


def _backends(facts: Facts) -> list[Row]:
    totals = {each.backend: each for each in facts.totals.backends()}
    healths = {each.backend: each for each in facts.healths}
    return [_backend(name, totals.get(name), healths.get(name)) for name in sorted(totals.keys() | healths.keys())]


def _backend(name: str, totals: Any, health: BackendHealth | None) -> Row:
    counted = {key: getattr(totals, key, 0) for key in ("started", "ended", "completed", "failed", "retries")}
    took = {key: getattr(totals, key, None) for key in ("success_rate", "mean", "max")}
    states = {key: getattr(health, key, None) for key in ("online", "degraded", "offline")}
    share = health.online / health.known if health is not None and health.known else None
    stretches = len(health.stretches) if health is not None else None
    return {"backend": name, **counted, **took, **states, "online_share": share, "stretches": stretches}


def _table(name: str, rows: Sequence[Row], title: str, note: str, empty: str, columns: Sequence[Column]) -> Table:
    # A column in which nothing is known of any row says nothing.
    columns = [each for each in columns if not rows or any(row.get(each.key) is not None for row in rows)]
    shown = [[_cell(column, row.get(column.key)) for column in columns] for row in rows[:MOST_ROWS]]
    return Table(name, title, note, empty, columns, shown, max(0, len(rows) - MOST_ROWS))


def _cell(column: Column, value: Any) -> Cell:
    text = ABSENT if value is None else column.show(value)
    order = "" if value is None else repr(float(value)) if isinstance(value, int | float) else ""
    return Cell(text, order, column.kind)


def _moment(value: float) -> str:
    return instant(value, "%Y-%m-%d %H:%M:%S")


_TYPE = Column("operation_type", "Operation", str, "name")
_BACKEND = Column("backend", "Backend", str, "name")
_COUNTS = (
    Column("ended", "Ended", number),
    Column("completed", "Completed", number),
    Column("failed", "Failed", number),
    Column("success_rate", "Success rate", percent),
)
_ID = Column("operation_id", "Operation id", str, "id")
_LATENCY = Column("latency", "Latency", duration)
_ENDED_AT = Column("end_time", "Ended at (UTC)", _moment, "time")
_ERROR = Column("error_type", "Error type", str, "name")

_NOT_KEPT = "No single operation of this range is kept."
# By name: title, note, what stands in place of no rows, columns.
_TEXTS: dict[str, tuple[str, str, str, Sequence[Column]]] = {
    "series": (
        "By operation and backend",
        "Counts are exact; median and percentiles are within 1.1 %. Throughput is what ended, a minute.",
        "No operation began or ended in this range.",
        (
            _TYPE,
            _BACKEND,
            *_COUNTS,
            Column("mean", "Mean", duration),
            Column("median", "Median", duration),
            Column("percentile_95", "p95", duration),
            Column("percentile_99", "p99", duration),
            Column("max", "Max", duration),
            Column("retries", "Retries", number),
            Column("throughput", "Per minute", number),
        ),
    ),
    "backends": (
        "By backend",
        "The percentiles of several series cannot be put together, so none stands here.",
        "No backend is known.",
        (
            _BACKEND,
            *_COUNTS,
            Column("mean", "Mean latency", duration),
            Column("max", "Max latency", duration),
            Column("retries", "Retries", number),
            Column("online_share", "Online", percent),
            Column("degraded", "Degraded for", duration),
            Column("offline", "Offline for", duration),
            Column("stretches", "Stretches", number),
        ),
    ),
    "slowest": (
        "Slowest operations",
        "Those that ended in this range with the longest latency.",
        _NOT_KEPT,
        (
            _LATENCY,
            _TYPE,
            _BACKEND,
            Column("status", "Status", str, "status"),
            _ENDED_AT,
            Column("retry_count", "Retries", number),
            _ID,
        ),
    ),
    "failed": (
        "Failed operations",
        "The last that failed, newest first.",
        "No operation that failed is kept of this range.",
        (_ENDED_AT, _TYPE, _BACKEND, _ERROR, _LATENCY, Column("retry_count", "Retries", number), _ID),
    ),
}
