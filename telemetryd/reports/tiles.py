"""The key figures, each beside that of the period of equal length before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from .facts import Facts
from .names import Parts, of_series
from .wording import ABSENT, clock, duration, number, percent, roughly, times, width

Judgement: TypeAlias = Literal["better", "worse", "neither"]

# Changes below it are no change, as a share.
_SAME = 0.005
# From so many times on, that says more than a percentage.
_MANY = 2
UP, DOWN, LEVEL = "up", "down", "level"
FROM_NONE = "from none"


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure differs from the period before: ``up``, ``down`` or ``level``, by what, from what."""

    direction: str
    size: str
    before: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: ``note`` says what it is of, ``change`` is None where nothing can be compared."""

    label: str
    value: str
    note: Parts
    change: Change | None


def tiles(facts: Facts) -> list[Tile]:
    """Return the key figures of a range, in the order of a reader's questions."""
    return [_ended(facts), _success(facts), _slowest(facts), _throughput(facts), _retries(facts), _queue(facts)]


def relative(value: float | None, before: float | None, text: str, wish: int) -> Change | None:
    """Return the change of a measure, of which more (``wish`` 1) or less (-1) is better, or neither (0)."""
    if value is None or before is None:
        return None
    if not before:
        return Change(LEVEL, "the same", text, "neither") if not value else Change(UP, FROM_NONE, text, _judged(wish))
    ratio = value / before
    if abs(ratio - 1) < _SAME:
        return Change(LEVEL, "the same", text, "neither")
    size = times(ratio) if ratio >= _MANY else roughly(abs(ratio - 1))
    return Change(UP if ratio > 1 else DOWN, size, text, _judged(wish if ratio > 1 else -wish))


def points(value: float | None, before: float | None, text: str) -> Change | None:
    """Return the change of a share of which more is better, in percentage points."""
    if value is None or before is None:
        return None
    difference = abs(value - before) * 100
    if difference < 0.005:
        return Change(LEVEL, "the same", text, "neither")
    up = value > before
    return Change(UP if up else DOWN, f"{number(round(difference, 2))} points", text, _judged(1 if up else -1))


def rate(value: float, before: float | None) -> Change | None:
    """Return the change of a share of which less is better, in percentage points."""
    change = points(value, before, percent(before))
    if change is None or change.direction == LEVEL:
        return change
    return replace(change, judgement=_judged(-1 if change.direction == UP else 1))


def _judged(wish: int) -> Judgement:
    return "better" if wish > 0 else "worse" if wish < 0 else "neither"


def _ended(facts: Facts) -> Tile:
    totals = facts.totals
    before = facts.before.ended if facts.before and facts.is_over else None
    change = relative(totals.ended, before, number(before), 0)
    return Tile("Operations ended", number(totals.ended), (f"{number(totals.started)} began",), change)


def _success(facts: Facts) -> Tile:
    totals, before = facts.totals, facts.before.success_rate if facts.before else None
    note = f"{number(totals.failed)} failed" if totals.ended else "nothing ended"
    change = points(totals.success_rate, before, percent(before))
    return Tile("Success rate", percent(totals.success_rate), (note,), change)


def _slowest(facts: Facts) -> Tile:
    slowest = next(iter(facts.totals.timed()), None)
    label = "Slowest p95"
    if slowest is None:
        return Tile(label, ABSENT, ("no latency is known",), None)
    before = facts.before.get(slowest.key).percentile_95 if facts.before else None
    change = relative(slowest.percentile_95, before, duration(before), -1)
    return Tile(label, duration(slowest.percentile_95), of_series(slowest.key), change)


def _throughput(facts: Facts) -> Tile:
    totals = facts.totals
    before = facts.before.throughput if facts.before else None
    peak = facts.throughput.peak
    at = clock(peak.start, facts.span.seconds, facts.interval) if peak else ""
    note = f"at most {number(peak.value)}, at {at} UTC" if peak else "nothing ended"
    value = f"{number(totals.throughput)} /min" if totals.throughput is not None else ABSENT
    return Tile("Throughput", value, (note,), relative(totals.throughput, before, f"{number(before)} /min", 0))


def _retries(facts: Facts) -> Tile:
    totals = facts.totals
    before = facts.before.retries if facts.before and facts.is_over else None
    note = (
        f"{number(totals.retries * 100 / totals.ended)} for every 100 that ended" if totals.ended else "nothing ended"
    )
    return Tile("Retries", number(totals.retries), (note,), relative(totals.retries, before, number(before), -1))


def _queue(facts: Facts) -> Tile:
    label, peak = "Peak queue", facts.queue.peak
    if peak is None:
        return Tile(label, ABSENT, ("no queue is known",), None)
    before = facts.queue_before.peak if facts.queue_before else None
    at = clock(peak.start, facts.span.seconds, facts.interval)
    note = f"in flight, mean over {width(facts.interval)} from {at} UTC"
    change = relative(peak.value, before.value if before else None, number(before.value) if before else ABSENT, -1)
    return Tile(label, number(peak.value), (note,), change)
