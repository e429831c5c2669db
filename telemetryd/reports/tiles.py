"""The key figures, each beside that of the period of equal length before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .facts import Facts
from .names import Parts, of_series
from .totals import Totals
from .wording import ABSENT, clock, duration, number, percent, roughly, times, width

Judgement: TypeAlias = Literal["better", "worse", "neither"]

# Changes below it are no change, as a share.
_SAME = 0.005
# From so many times on, that says more than a percentage.
_MANY = 1.95
# A peak or a percentile is better or worse only from such a change on, and a count only from such a number on.
_NOTABLE, _WORTH_JUDGING = 0.1, 5
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


def points(value: float | None, before: float | None, wish: int) -> Change | None:
    """Return the change of a share, in percentage points."""
    if value is None or before is None:
        return None
    difference = abs(value - before) * 100
    if difference < 0.005:
        return Change(LEVEL, "the same", percent(before), "neither")
    up = value > before
    size = f"{number(round(difference, 2))} points"
    return Change(UP if up else DOWN, size, percent(before), _judged(wish if up else -wish))


def rates_differ(one: Totals, other: Totals) -> bool:
    """Whether two success rates differ by more than chance alone would: twice the standard error of the difference."""
    ended = one.ended + other.ended
    if not one.ended or not other.ended:
        return False
    share = (one.completed + other.completed) / ended
    error = math.sqrt(share * (1 - share) * (1 / one.ended + 1 / other.ended))
    return abs(one.completed / one.ended - other.completed / other.ended) > 2 * error


def counts_differ(one: int, other: int) -> bool:
    """Whether two counts of independent events differ by more than chance alone would."""
    return abs(one - other) > 2 * math.sqrt(one + other)


def _wish(value: float | None, before: float | None) -> int:
    """Return what is wished of a measure of which less is better: nothing where it has hardly changed."""
    return -1 if value and before and abs(value / before - 1) >= _NOTABLE else 0


def _judged(wish: int) -> Judgement:
    return "better" if wish > 0 else "worse" if wish < 0 else "neither"


def _ended(facts: Facts) -> Tile:
    totals = facts.totals
    before = facts.before.ended if facts.before and facts.is_over else None
    change = relative(totals.ended, before, number(before), 0)
    return Tile("Operations ended", number(totals.ended), (f"{number(totals.started)} began",), change)


def _success(facts: Facts) -> Tile:
    totals, before = facts.totals, facts.before
    note = f"{number(totals.failed)} failed" if totals.ended else "nothing ended"
    wish = 1 if before and rates_differ(totals, before) else 0
    change = points(totals.success_rate, before.success_rate if before else None, wish)
    return Tile("Success rate", percent(totals.success_rate), (note,), change)


def _slowest(facts: Facts) -> Tile:
    slowest = next(iter(facts.totals.timed()), None)
    label = "Slowest p95"
    if slowest is None:
        return Tile(label, ABSENT, ("no latency is known",), None)
    before = facts.before.get(slowest.key).percentile_95 if facts.before else None
    change = relative(slowest.percentile_95, before, duration(before), _wish(slowest.percentile_95, before))
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
    wish = -1 if before is not None and counts_differ(totals.retries, before) else 0
    change = relative(totals.retries, before, number(before), wish)
    return Tile("Retries", number(totals.retries), (note,), change)


def _queue(facts: Facts) -> Tile:
    label, peak = "Peak queue", facts.queue.peak
    if peak is None:
        return Tile(label, ABSENT, ("no queue is known",), None)
    other = facts.queue_before.peak if facts.queue_before else None
    before = other.value if other else None
    at = clock(peak.start, facts.span.seconds, facts.interval)
    note = f"in flight, mean over {width(facts.interval)} from {at} UTC"
    wish = _wish(peak.value, before) if max(peak.value, before or 0.0) >= _WORTH_JUDGING else 0
    change = relative(peak.value, before, number(before), wish)
    return Tile(label, number(peak.value), (note,), change)
