"""The key figures, and how they differ from the period before."""

from __future__ import annotations

import pytest

from telemetryd.model.series import SeriesKey
from telemetryd.reports.facts import Facts
from telemetryd.reports.names import text
from telemetryd.reports.tiles import Change, Tile, counts_differ, points, rates_differ, relative, tiles
from telemetryd.reports.totals import SeriesTotals, Totals
from telemetryd.reports.wording import percent
from tests.oracle.events import change, life, start

from .conftest import HOUR, START, Tell
from .test_wording import plain


def shown(facts: Facts) -> dict[str, Tile]:
    return {each.label: each for each in tiles(facts)}


def said(tile: Tile) -> tuple[str, str, str | None]:
    return plain(tile.value), plain(text(tile.note)), None if tile.change is None else plain(tile.change.size)


@pytest.mark.parametrize(
    ("value", "before", "wish", "expected"),
    [
        (110, 100, 0, Change("up", "10 %", "100", "neither")),
        (90, 100, 0, Change("down", "10 %", "100", "neither")),
        (370, 100, -1, Change("up", "3.7 times", "370", "worse")),
        (50, 100, -1, Change("down", "50 %", "100", "better")),
        (100.2, 100, -1, Change("level", "the same", "100", "neither")),
        (5, 0, -1, Change("up", "from none", "0", "worse")),
        (0, 0, -1, Change("level", "the same", "0", "neither")),
        (0, 5, -1, Change("down", "100 %", "5", "better")),
    ],
)
def test_a_measure_changes_by_a_share(value: float, before: float, wish: int, expected: Change) -> None:
    """Or by so many times, from twice on; whether that is good depends on what is wished."""
    found = relative(value, before, expected.before, wish)
    assert found is not None
    assert (found.direction, plain(found.size), found.judgement) == (
        expected.direction,
        expected.size,
        expected.judgement,
    )


def test_a_share_changes_by_points() -> None:
    """A percentage of a percentage would mislead."""
    assert points(0.97, 0.985, 1) == Change("down", "1.5 points", percent(0.985), "worse")
    assert points(0.985, 0.97, 1) == Change("up", "1.5 points", percent(0.97), "better")
    assert points(0.03, 0.015, -1) == Change("up", "1.5 points", percent(0.015), "worse")
    assert points(0.97, 0.97, 1) == Change("level", "the same", percent(0.97), "neither")


def test_what_chance_would_do_is_neither_better_nor_worse() -> None:
    """34 failures are not more than 29; of ten times as many they are."""

    def totals(completed: int, failed: int) -> Totals:
        return Totals((SeriesTotals(SeriesKey("add", "ipfs"), completed=completed, failed=failed),), 60)

    assert not rates_differ(totals(9845, 34), totals(9728, 29))
    assert rates_differ(totals(984_000, 3800), totals(973_000, 2900))
    assert not rates_differ(totals(0, 0), totals(10, 5))
    assert not counts_differ(99, 80)
    assert counts_differ(145, 86)
    assert not counts_differ(0, 0)


def test_without_a_number_there_is_no_change() -> None:
    """Neither from one nor to one."""
    assert relative(None, 1.0, "1", 1) is relative(1.0, None, "–", 1) is None
    assert points(0.5, None, 1) is points(None, 0.5, 1) is None


async def test_the_figures_of_an_hour(tell: Tell) -> None:
    """Each beside that of the hour before."""
    facts = await tell(
        [
            *life("x", START - 2 * HOUR),
            *life("a", START - 1800, 2.0),
            *life("b", START + 60, 4.0),
            *life("c", START + 63, 4.0, "failed"),
            start("d", START + 3500),
            change("d", "retrying", START + 3501),
        ]
    )
    found = shown(facts)
    assert said(found["Operations ended"]) == ("2", "3 began", "2 times")
    assert said(found["Success rate"]) == ("50 %", "1 failed", "50 points")
    assert said(found["Slowest p95"]) == ("4 s", "add on ipfs", "2 times")
    assert said(found["Throughput"]) == ("0.033 /min", "at most 2, at 00:01 UTC", "2 times")
    assert said(found["Retries"]) == ("1", "50 for every 100 that ended", "from none")
    assert said(found["Peak queue"])[:2] == ("1", "in flight, mean over a minute from 00:59 UTC")


async def test_a_range_of_nothing_has_dashes(tell: Tell) -> None:
    """No zero stands for what is not known."""
    found = shown(await tell([]))
    assert {label: tile.value for label, tile in found.items()} == {
        "Operations ended": "0",
        "Success rate": "–",
        "Slowest p95": "–",
        "Throughput": "0 /min",
        "Retries": "0",
        "Peak queue": "–",
    }
    assert all(tile.change is None for tile in found.values())


async def test_counts_of_a_part_are_not_compared_with_those_of_a_whole(tell: Tell) -> None:
    """Rates are."""
    events = [*life("x", START - 2 * HOUR), *life("a", START - 1800), *life("b", START + 60)]
    found = shown(await tell(events, now=START + 1800))
    assert found["Operations ended"].change is None and found["Retries"].change is None
    assert found["Throughput"].change is not None


async def test_the_future_has_no_throughput(tell: Tell) -> None:
    """Nothing of it is over."""
    facts = await tell([start("a", START)], now=START + 1, start=START + HOUR, end=START + 2 * HOUR)
    assert shown(facts)["Throughput"].value == "–"


async def test_the_figures_of_a_bad_day(busy: Facts) -> None:
    """The slowest series is the one whose backend was degraded, and it got worse."""
    slowest = shown(busy)["Slowest p95"]
    assert text(slowest.note) == "pin on filecoin"
    assert slowest.change is not None and slowest.change.judgement == "worse"
    retries, ended = shown(busy)["Retries"], shown(busy)["Operations ended"]
    assert retries.change is not None and retries.change.judgement == "worse"
    assert ended.change is not None and ended.change.judgement == "neither"


async def test_a_short_queue_is_neither_better_nor_worse(tell: Tell) -> None:
    """However many times as long it is."""
    events = [*life("x", START - 2 * HOUR), *life("a", START - 1800, 0.5), *life("b", START + 60, 50.0)]
    change = shown(await tell(events))["Peak queue"].change
    assert change is not None and (change.direction, change.judgement) == ("up", "neither")
