"""The tables, as numbers and as they are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telemetryd.model.series import SeriesKey
from telemetryd.reports.facts import Facts
from telemetryd.reports.questions import LISTED
from telemetryd.reports.tables import MOST_ROWS, Table, rows_of, tables
from telemetryd.reports.totals import SeriesTotals, Totals
from tests.oracle import events

from .conftest import START, Tell
from .test_wording import plain


def shown(facts: Facts) -> dict[str, Table]:
    return {each.name: each for each in tables(facts)}


def column(table: Table, key: str) -> list[str]:
    at = [each.key for each in table.columns].index(key)
    return [plain(row[at].text) for row in table.rows]


async def test_all_tables_of_a_bad_day(busy: Facts) -> None:
    """Series and backends with all that was asked for, operations as many as are shown."""
    found = shown(busy)
    assert list(found) == ["series", "backends", "slowest", "failed"]
    assert {each.key for each in found["series"].columns} == {
        "operation_type",
        "backend",
        "ended",
        "completed",
        "failed",
        "success_rate",
        "mean",
        "median",
        "percentile_95",
        "percentile_99",
        "max",
        "retries",
        "throughput",
    }
    assert len(found["series"].rows) == len(busy.totals.series)
    assert column(found["backends"], "backend") == ["filecoin", "ipfs", "local", "s3", "storacha"]
    assert column(found["backends"], "offline") == ["0 s", "0 s", "0 s", "1 min 52 s", "9 min"]
    assert len(found["slowest"].rows) == LISTED


async def test_rows_are_numbers(busy: Facts) -> None:
    """In report.json nothing is rounded; the busiest series comes first, the slowest operation, the last failure."""
    rows = rows_of(busy)
    ended = [row["ended"] for row in rows["series"]]
    assert ended == sorted(ended, reverse=True) and sum(ended) == busy.totals.ended
    assert sum(row["throughput"] for row in rows["series"]) == pytest.approx(busy.totals.throughput)
    latencies = [row["latency"] for row in rows["slowest"]]
    assert latencies == sorted(latencies, reverse=True)
    times = [row["end_time"] for row in rows["failed"]]
    assert times == sorted(times, reverse=True)


async def test_a_number_is_sorted_by_what_it_is(busy: Facts) -> None:
    """Not by how it is written: 900 ms are less than 1 s."""
    table = shown(busy)["series"]
    at = [each.key for each in table.columns].index("percentile_95")
    assert [float(row[at].order) for row in table.rows] == [row["percentile_95"] for row in rows_of(busy)["series"]]
    assert all(row[0].order == "" for row in table.rows)


async def test_a_column_of_nothing_is_left_out(tell: Tell) -> None:
    """No WAL told of retries, no backend of its health."""
    found = shown(await tell(events.life("a", START + 1)))
    assert "retry_count" not in {each.key for each in found["slowest"].columns}
    assert "offline" not in {each.key for each in found["backends"].columns}


async def test_what_is_absent_is_a_dash(tell: Tell) -> None:
    """A series of which nothing ended has no rate, and a backend that did nothing has its health."""
    facts = await tell([events.start("a", START + 1), *events.life("b", START + 2, backend="s3")])
    assert column(shown(facts)["series"], "success_rate") == ["100 %", "–"]
    facts = await tell([events.health("ipfs", "online", START - 1), *events.life("b", START + 2, backend="s3")])
    assert column(shown(facts)["backends"], "online_share") == ["100 %", "–"]
    assert column(shown(facts)["backends"], "ended") == ["0", "1"]


async def test_a_table_of_nothing_says_why(tell: Tell) -> None:
    """In place of its rows."""
    found = shown(await tell([]))
    assert all(not table.rows and table.empty for table in found.values())


async def test_of_very_many_series_the_busiest_are_shown(tell: Tell) -> None:
    """The others are counted, and in report.json."""
    facts = await tell([])
    series = tuple(SeriesTotals(SeriesKey("add", f"b{number:04}"), completed=number) for number in range(1000))
    facts = replace(facts, totals=Totals(series, 3600.0))
    table = shown(facts)["series"]
    assert (len(table.rows), table.more) == (MOST_ROWS, 1000 - MOST_ROWS)
    assert column(table, "ended")[0] == "999"
    assert len(rows_of(facts)["series"]) == 1000
