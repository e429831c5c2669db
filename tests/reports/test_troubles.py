"""Backends that were not online, operations that failed and why, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from telemetryd.reports.facts import Facts
from telemetryd.reports.finding import Finding
from telemetryd.reports.names import Name, text
from telemetryd.reports.troubles import failures, health
from tests.oracle import events

from .conftest import HOUR, START, Tell
from .test_wording import plain


def said(found: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return [(each.weight, plain(text(each.title)), plain(text(each.says))) for each in found]


def failed(count: int, error_type: str | None = None, backend: str = "ipfs") -> list[dict[str, Any]]:
    """Return operations that failed a minute into the hour."""
    found = []
    for number in range(count):
        name = f"{backend}-{error_type}-{number}"
        found += [
            events.start(name, START + 60, "add", backend),
            events.change(name, "failed", START + 61, error_type=error_type),
        ]
    return found


def completed(count: int, backend: str = "ipfs", at: float = START + 90) -> list[dict[str, Any]]:
    return [
        event for number in range(count) for event in events.life(f"{backend}-{at}-{number}", at, 1.0, backend=backend)
    ]


async def test_a_backend_that_was_offline_and_degraded(tell: Tell) -> None:
    """For how long, when, how precisely that is known, and what became of its operations."""
    facts = await tell(
        [
            events.health("ipfs", "online", START - 60),
            events.health("ipfs", "degraded", START + 660),
            events.health("ipfs", "offline", START + 1200),
            events.health("ipfs", "online", START + 1740),
            *completed(3),
            *failed(1),
        ]
    )
    assert said(health(facts)) == [
        (
            "bad",
            "ipfs was offline",
            "Offline for 9 min and degraded for 9 min, 30 % of the time: 00:11–00:29 UTC, to within a minute. "
            "Of what ended there 25 % failed.",
        )
    ]


async def test_short_stretches_are_told_to_the_second(tell: Tell) -> None:
    """Several of them, each."""
    facts = await tell(
        [
            events.health("ipfs", "online", START - 60),
            events.health("ipfs", "degraded", START + 610),
            events.health("ipfs", "online", START + 680),
            events.health("ipfs", "degraded", START + 1210),
            events.health("ipfs", "online", START + 1310),
        ]
    )
    ((weight, title, says),) = said(health(facts))
    assert (weight, title) == ("warn", "ipfs was degraded")
    assert says.endswith("4.7 % of the time: 00:10:10–00:11:20 and 00:20:10–00:21:50 UTC, to within a minute.")


async def test_of_a_long_range_the_day_is_said_once(tell: Tell) -> None:
    """And the minute, where a stretch was shorter."""
    changes = [("offline", 86_400 + 60), ("online", 86_400 + 7260), ("offline", 100_000), ("online", 100_010)]
    facts = await tell(
        [
            events.health("ipfs", "online", START - 60),
            *(events.health("ipfs", word, START + at) for word, at in changes),
        ],
        now=START + 150 * 86_400,
        end=START + 150 * 86_400,
    )
    assert facts.health_interval == 180
    ((_, _, says),) = said(health(facts))
    assert "25 Nov 00:01–02:01 and 25 Nov 03:46 UTC" in says


async def test_many_stretches_are_counted(tell: Tell) -> None:
    """The longest of them is told."""
    changes = [
        events.health("ipfs", word, START + 300 * number + at)
        for number in range(5)
        for word, at in (("offline", 60), ("online", 120 + 60 * (number == 3)))
    ]
    facts = await tell([events.health("ipfs", "online", START - 60), *changes])
    ((_, _, says),) = said(health(facts))
    assert "in 5 stretches, the longest 00:16:00–00:18:00 UTC" in says


@pytest.mark.parametrize(("word", "title"), [("offline", "ipfs ended offline"), ("degraded", "ipfs ended degraded")])
async def test_what_lasts_at_the_end_is_in_the_heading(tell: Tell, word: str, title: str) -> None:
    """It is what an operator has to know first."""
    facts = await tell([events.health("ipfs", "online", START - 60), events.health("ipfs", word, START + 1800)])
    ((_, found, says),) = said(health(facts))
    assert found == title and "and it was so at the end" in says


async def test_of_many_backends_the_worst_are_told(tell: Tell) -> None:
    """The others are named together."""
    changes = []
    for number in range(6):
        changes += [
            events.health(f"b{number}", "online", START - 60),
            events.health(f"b{number}", "offline", START + 60),
            events.health(f"b{number}", "online", START + 120 + number),
        ]
    found = said(health(await tell(changes)))
    assert [title for _, title, _ in found] == [
        *(f"b{number} was offline" for number in (5, 4, 3, 2)),
        "2 more backends not always online",
    ]
    assert found[-1][2] == "b1 and b0 were not always online either: see the table."


async def test_an_hour_of_degradation_is_worse_than_a_minute_offline(tell: Tell) -> None:
    """Backends come in order of the time that was lost with them; of many more only some are named."""
    changes = [events.health("slow", "online", START - 60), events.health("slow", "degraded", START + 60)]
    for number in range(14):
        changes += [
            events.health(f"b{number:02}", "online", START - 60),
            events.health(f"b{number:02}", "offline", START + 60),
            events.health(f"b{number:02}", "online", START + 121 - number),
        ]
    found = said(health(await tell(changes)))
    assert {title for _, title, _ in found} >= {
        "slow ended degraded",
        "b00 was offline",
        "11 more backends not always online",
    }
    assert found[-1][2] == "b03, b04, b05, b06, b07 and 6 others were not always online either: see the table."


async def test_all_were_online(tell: Tell) -> None:
    """For as long as that is known, to within an interval."""
    one = [events.health("ipfs", "online", START + 60)]
    assert said(health(await tell(one)))[0][2].startswith("ipfs was online for all the time")
    two = [*one, events.health("s3", "online", START - 60)]
    ((weight, _, says),) = said(health(await tell(two)))
    assert weight == "good" and says.startswith("All 2 backends were online")


async def test_no_health_is_known(tell: Tell) -> None:
    """That is no good news."""
    assert said(health(await tell(completed(1))))[0][:2] == ("note", "Health unknown")


async def test_what_failed_where_and_why(tell: Tell) -> None:
    """In numbers, shares, and beside the hour before."""
    facts = await tell(
        [
            *completed(1, at=START - 2 * HOUR),
            *completed(4, at=START - 1800),
            *completed(94),
            *failed(2, "timeout"),
            *failed(1, "refused", "s3"),
            *failed(3, "timeout", "s3"),
        ]
    )
    ((weight, title, says),) = said(failures(facts))
    assert (weight, title) == ("bad", "6 operations failed")
    assert says == (
        "6 of 100 operations failed, 6 %, 6 points more than in the hour before (0 %). Most often it was add on s3: 4, "
        "67 % of all failures and 100 % of what ended there. The reasons: timeout 83 % and refused 17 %."
    )


async def test_names_are_known_to_be_names(tell: Tell) -> None:
    """Whatever they are made of, nobody takes them for our words."""
    facts = await tell([*completed(4), *failed(2, "<b>", "s3"), *failed(1, "timeout")])
    (found,) = failures(facts)
    assert {part for part in found.says if isinstance(part, Name)} == {"add", "s3", "<b>", "timeout"}


async def test_many_reasons_end_in_how_many_more(tell: Tell) -> None:
    """Their shares add up."""
    facts = await tell([event for number in range(8) for event in failed(9 - number, f"e{number}")])
    ((_, _, says),) = said(failures(facts))
    assert "e3 14 % and 4 other types 32 %" in says


async def test_reasons_of_some_are_said_to_be_so(tell: Tell) -> None:
    """Of the last, where there are too many to look at; of none, where nothing is kept."""
    facts = await tell([*completed(2), *failed(3, "timeout")])
    fewer = _with_failed(facts, facts.failed[:2])
    assert "The reasons of the 2 that are kept one by one: timeout 100 %" in said(failures(fewer))[0][2]
    none = _with_failed(facts, ())
    assert "Why is not known: no single operation is kept of this range." in said(failures(none))[0][2]


def _with_failed(facts: Facts, operations: Any) -> Facts:
    return replace(facts, failed=tuple(operations))


async def test_all_of_one_series(tell: Tell) -> None:
    """Where others did well, it is said that all were of it."""
    facts = await tell([*completed(50), *failed(1, "timeout", "s3")])
    ((weight, _, says),) = said(failures(facts))
    assert weight == "warn" and " All were add on s3, of which 100 % failed." in says


async def test_nothing_failed(tell: Tell) -> None:
    """And whether that was so before."""
    facts = await tell(
        [*completed(1, at=START - 2 * HOUR), *[e | {"timestamp": e["timestamp"] - HOUR} for e in failed(2)]]
    )
    assert said(failures(facts)) == []
    facts = await tell(
        [
            *completed(1, at=START - 2 * HOUR),
            *[e | {"timestamp": e["timestamp"] - HOUR} for e in failed(2)],
            *completed(3),
        ]
    )
    ((weight, title, says),) = said(failures(facts))
    assert (weight, title) == ("good", "No failures")
    assert says == "All 3 operations that ended completed. In the hour before 2 failed."
