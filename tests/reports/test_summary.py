"""What report.json tells."""

from __future__ import annotations

import json

import msgspec

from telemetryd.reports.facts import Facts
from telemetryd.reports.summary import content, summary

from .conftest import Tell


async def test_every_figure_of_a_bad_day_is_a_number(busy: Facts) -> None:
    """Of the range and of the period before, with what was found in words."""
    found = json.loads(msgspec.json.encode(content(busy)))
    told = found["summary"]
    assert told["operations"]["ended"] == busy.totals.ended
    assert told["operations"]["success_rate"] == busy.totals.success_rate
    assert told["operations_before"]["ended"] == busy.before.ended if busy.before else None
    assert told["not_compared"] is None
    assert (told["slowest"]["operation_type"], told["slowest"]["backend"]) == ("pin", "filecoin")
    assert sum(each["count"] for each in told["errors"]) == told["errors_of"] == busy.totals.failed
    storacha = next(each for each in told["backends"] if each["backend"] == "storacha")
    assert (round(storacha["offline"]), round(storacha["stretches"][0]["degraded"])) == (540, 648)
    assert told["findings"][0]["title"] == "storacha was offline"
    assert set(found["tables"]) == {"series", "backends", "slowest", "failed"}
    assert (found["interval"], told["health_interval"]) == (60, 60)


async def test_of_nothing_every_figure_is_there(tell: Tell) -> None:
    """A program need not ask whether a key exists."""
    told = summary(await tell([]))
    assert told["operations"]["ended"] == 0 and told["operations"]["success_rate"] is None
    assert told["slowest"] is told["operations_before"] is told["queue"]["peak"] is None
    assert told["not_compared"] == "Nothing is recorded of the hour before."
