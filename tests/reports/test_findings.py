"""What is worth knowing of a range, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telemetryd.reports.facts import Facts
from telemetryd.reports.finding import Finding
from telemetryd.reports.findings import findings
from telemetryd.reports.names import text
from tests.oracle import events

from .conftest import HOUR, START, Tell
from .test_wording import plain

# So that the hour before counts as recorded.
LONG_AGO = events.life("long ago", START - 2 * HOUR)


def said(found: Iterable[Finding]) -> dict[str, str]:
    return {plain(text(each.title)): plain(text(each.says)) for each in found}


def many(count: int, latency: float, at: float = START + 60, operation_type: str = "add") -> list[dict[str, Any]]:
    return [
        event
        for number in range(count)
        for event in events.life(f"{operation_type}-{at}-{number}", at, latency, operation_type=operation_type)
    ]


async def test_nothing_at_all_is_said_once(tell: Tell) -> None:
    """And nothing else."""
    assert list(said(findings(await tell([])))) == ["No data in this range"]


async def test_the_most_pressing_comes_first(busy: Facts) -> None:
    """What is wrong, what is notable, what is well, what is to be known."""
    weights = [each.weight for each in findings(busy)]
    assert weights == sorted(weights, key=["bad", "warn", "good", "note"].index)


async def test_a_bad_day_in_words(busy: Facts) -> None:
    """Each trouble that was made is found."""
    found = said(findings(busy))
    assert set(found) == {
        "storacha was offline",
        "s3 was offline",
        "filecoin was degraded",
        f"{busy.totals.failed} operations failed",
        "pin on filecoin slowed down",
        "Unusually long queue",
        "Slowest: pin on filecoin",
        "Retries",
    }
    assert found["storacha was offline"].startswith("Offline for 9 min and degraded for 10 min 48 s, ")
    assert "12:06–12:25 UTC" in found["storacha was offline"]
    assert "03:30:" in found["s3 was offline"] and "17:00:00–17:01:12" in found["s3 was offline"]
    assert "Most often it was pin on filecoin" in found["Retries"]


async def test_the_slowest_beside_the_others(tell: Tell) -> None:
    """Beside their median, and beside itself in the hour before."""
    facts = await tell(
        [
            *LONG_AGO,
            *many(20, 2.0, START - 1800, "pin"),
            *many(20, 8.0, operation_type="pin"),
            *many(20, 1.0, operation_type="add"),
            *many(20, 2.0, operation_type="get"),
            *many(20, 3.0, operation_type="cat"),
        ]
    )
    found = said(findings(facts))
    assert found["Slowest: pin on ipfs"] == (
        "Its p95 is the largest: 8 s, 4 times the median of the p95s of 3 other series (2 s); "
        "4 times the 2 s of the hour before."
    )
    assert found["pin on ipfs slowed down"] == "Its p95 rose from 2 s in the hour before to 8 s, 4 times as long."


async def test_few_operations_are_said_to_be_few(tell: Tell) -> None:
    """A p95 of two is no p95; and nothing has slowed down by it."""
    found = said(findings(await tell([*LONG_AGO, *many(2, 1.0, START - 1800), *many(2, 9.0)])))
    assert found["Slowest: add on ipfs"].endswith("No series has 20 operations, so a p95 says little here.")
    assert not any("slowed down" in title for title in found)


async def test_one_other_series_has_no_median(tell: Tell) -> None:
    """It is compared with as it is."""
    found = said(findings(await tell([*many(20, 8.0), *many(20, 2.0, operation_type="get")])))
    assert "8 s, 4 times that of 1 other series (2 s)." in found["Slowest: add on ipfs"]


async def test_an_even_queue_is_not_unusual(tell: Tell) -> None:
    """However long it is; a short one is not worth a word."""
    even = [events.start(f"{number}", START - 60) for number in range(50)]
    assert "Unusually long queue" not in said(findings(await tell(even)))
    short = [events.start("a", START + 600), events.change("a", "completed", START + 700)]
    assert "Unusually long queue" not in said(findings(await tell(short)))


async def test_an_unusual_queue(tell: Tell) -> None:
    """When it was longest, how long it usually is, for how long it was so, and what is left."""
    quick = [
        event
        for number in range(40)
        for event in (events.start(f"{number}", START + 2400), events.change(f"{number}", "completed", START + 2700))
    ]
    slow = [events.start(f"slow {number}", START + 2500) for number in range(15)]
    found = said(findings(await tell([*many(1, 1.0, START), *quick, *slow])))
    assert found["Unusually long queue"] == (
        "55 operations were in flight at 00:42 UTC (mean over a minute), against an empty queue for most of the time. "
        "From 00:40 to 00:45, for 5 min, it was at least half as long. At the end 15 are left."
    )


async def test_retries_where_they_are_more_than_a_share(tell: Tell) -> None:
    """In number and share, beside the share of the operations."""
    retried = [
        event
        for number in range(8)
        for event in (
            events.start(f"r{number}", START + 60, "pin", "s3"),
            events.change(f"r{number}", "retrying", START + 61),
            events.change(f"r{number}", "completed", START + 62),
        )
    ]
    found = said(findings(await tell([*LONG_AGO, *retried, *many(32, 1.0)])))
    assert found["Retries"] == (
        "8 retries, against none in the hour before. Most often it was pin on s3: 8, 100 % of them, "
        "with 20 % of the operations that ended."
    )


async def test_retries_that_are_spread(tell: Tell) -> None:
    """No series is blamed for having most of the work."""
    retried = [
        event
        for operation_type in ("add", "get")
        for number in range(4)
        for event in (
            events.start(f"{operation_type}{number}", START + 60, operation_type),
            events.change(f"{operation_type}{number}", "retrying", START + 61),
            events.change(f"{operation_type}{number}", "completed", START + 62),
        )
    ]
    found = said(findings(await tell(retried)))
    assert found["Retries"] == "8 retries. They are spread over the series much as the operations are."


async def test_what_limits_all_the_rest(tell: Tell) -> None:
    """Records that begin late, a range that is not over, and nothing that ended."""
    found = said(findings(await tell([events.start("a", START + 615)], now=START + 1800)))
    assert found["Records begin within this range"].startswith("The first event is of 2026-11-24 00:10 UTC")
    assert found["The range is not over"] == "It is 2026-11-24 00:30 UTC: 30 min of the range are still to come."
    assert "Nothing ended" in found
