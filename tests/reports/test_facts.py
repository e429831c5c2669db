"""What a report knows before it is put into words."""

from __future__ import annotations

from telemetryd.reports.facts import NO_ERROR_TYPE
from tests.oracle.events import change, health, life, start

from .conftest import HOUR, START, Tell


async def test_the_period_before_is_compared_with(tell: Tell) -> None:
    """Where all of it is recorded and kept."""
    facts = await tell([*life("a", START - 2 * HOUR), *life("b", START - 1800), *life("c", START + 1)])
    assert facts.incomparable == ""
    assert facts.before is not None and facts.queue_before is not None
    assert (facts.before.ended, facts.totals.ended, facts.records_begin) == (1, 1, None)


async def test_records_that_begin_inside_the_period_before_are_no_comparison(tell: Tell) -> None:
    """A part of an hour would be taken for the whole."""
    facts = await tell([*life("b", START - 1800), *life("c", START + 1)])
    assert facts.before is None and facts.queue_before is None
    assert facts.incomparable == "The records begin at 2026-11-23 23:30 UTC, within the hour before: no comparison."


async def test_nothing_before_is_no_comparison(tell: Tell) -> None:
    """It is said that nothing is recorded of it, and where the records begin."""
    facts = await tell(life("c", START + 601))
    assert facts.before is None
    assert facts.incomparable == "Nothing is recorded of the hour before."
    assert facts.records_begin == START + 600


async def test_what_the_retention_removed_is_no_comparison(tell: Tell) -> None:
    """The first hour of the period before may be gone already."""
    events = [*life("a", START - 2 * HOUR), *life("c", START + 1)]
    facts = await tell(events, now=START + 86_400, retention_days=1)
    assert "older than the retention of 1 day" in facts.incomparable


async def test_a_range_that_is_not_over_is_known_to_be(tell: Tell) -> None:
    """Half of an hour ended half as much."""
    assert not (await tell(life("a", START + 1), now=START + 1800)).is_over
    assert (await tell(life("a", START + 1))).is_over


async def test_a_range_of_nothing(tell: Tell) -> None:
    """Neither operations nor queues nor health; one of these is something."""
    assert (await tell([])).is_empty
    assert not (await tell([health("ipfs", "online", START - 60)])).is_empty
    assert not (await tell([start("a", START - 60), change("a", "processing", START - 50)])).is_empty


async def test_error_types_are_counted(tell: Tell) -> None:
    """The most frequent first; those that gave none together."""
    events = [
        *(event for name in "abc" for event in _failure(name, "timeout")),
        *(event for name in "de" for event in _failure(name, None)),
        *_failure("f", "refused"),
    ]
    facts = await tell(events)
    assert facts.error_types() == [("timeout", 3), (NO_ERROR_TYPE, 2), ("refused", 1)]


def _failure(name: str, error_type: str | None) -> list[dict[str, object]]:
    return [start(name, START + 1), change(name, "failed", START + 2, error_type=error_type)]
