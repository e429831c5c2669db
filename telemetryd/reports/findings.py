"""What is worth knowing of a range, in sentences; the most pressing first.

Each sentence stands on numbers that the tables show; where something is not known it says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import troubles
from .facts import Facts
from .finding import Finding, beside
from .names import Parts, of_series
from .tiles import relative
from .totals import ENOUGH, SeriesTotals
from .wording import clock, counted, duration, instant, number, period_before, roughly, times, width

# A queue is unusually long from so many times its median on, and from so many operations on.
UNUSUAL, WORTH_TELLING = 3.0, 5.0
# A series has slowed down, or retried more than its share, from this ratio on.
NOTABLE = 1.25
_ORDER = ("bad", "warn", "good", "note")


def findings(facts: Facts) -> list[Finding]:
    """Return all findings about a range, in order of their weight."""
    if facts.is_empty:
        says = "Nothing is recorded: no operation began, ended or was retried, and no backend's health is known."
        return [Finding("note", ("No data in this range",), (says,))]
    found = (
        *troubles.health(facts),
        *troubles.failures(facts),
        *_latency(facts),
        *_queue(facts),
        *_retries(facts),
        *_records(facts),
    )
    return sorted(found, key=lambda each: _ORDER.index(each.weight))


def _records(facts: Facts) -> Iterator[Finding]:
    """Yield what limits all the rest."""
    if not facts.totals.ended:
        yield Finding("note", ("Nothing ended",), ("No operation ended in this range: it has no rates and latencies.",))
    if facts.records_begin is not None:
        says = f"The first event is of {instant(facts.records_begin)} UTC or just after: nothing is known before it."
        yield Finding("note", ("Records begin within this range",), (says,))
    if not facts.is_over:
        says = f"It is {instant(facts.now)} UTC: {duration(facts.span.end - facts.now)} of the range are still to come."
        yield Finding("note", ("The range is not over",), (says,))


def _latency(facts: Facts) -> Iterator[Finding]:
    timed = facts.totals.timed()
    if not timed:
        return
    slowest, others = timed[0], timed[1:]
    says: Parts = (f"Its p95 is the largest: {duration(slowest.percentile_95)}",)
    if others:
        median = float(np.median([each.percentile_95 or 0.0 for each in others]))
        ratio = (slowest.percentile_95 or 0.0) / median if median else 0.0
        others_are = f"that of {counted(len(others), 'other series', 'other series')}"
        if len(others) > 1:
            others_are = f"the median of the p95s of {counted(len(others), 'other series', 'other series')}"
        says += (f", {times(ratio)} {others_are} ({duration(median)})",)
    was = _before(facts, slowest)
    change = relative(slowest.percentile_95, was, duration(was), -1)
    few = "" if slowest.latencies >= ENOUGH else f" No series has {ENOUGH} operations, so a p95 says little here."
    compared = beside(change, period_before(facts.span.seconds)).removeprefix(", ")
    says += (f"; {compared}.{few}" if compared else f".{few}",)
    yield Finding("note", ("Slowest: ", *of_series(slowest.key)), says)
    yield from _slowed(facts, timed)


def _slowed(facts: Facts, timed: list[SeriesTotals]) -> Iterator[Finding]:
    """Yield which series got slower most, beside the period before, where one did."""
    grown = [
        ((each.percentile_95 or 0.0) / was, was, each)
        for each in timed
        if each.latencies >= ENOUGH and (was := _before(facts, each, ENOUGH))
    ]
    ratio, was, each = max(grown, key=lambda found: found[0], default=(0.0, 0.0, None))
    if each is None or ratio < NOTABLE:
        return
    more = [other for other in grown if other[0] >= NOTABLE]
    also = f" {counted(len(more) - 1, 'other series', 'other series')} slowed down, too." if len(more) > 1 else ""
    says = (
        f"Its p95 rose from {duration(was)} in {period_before(facts.span.seconds)} to "
        f"{duration(each.percentile_95)}, {times(ratio)} as long.{also}"
    )
    yield Finding("warn", (*of_series(each.key), " slowed down"), (says,))


def _before(facts: Facts, series: SeriesTotals, enough: int = 1) -> float | None:
    was = facts.before.get(series.key) if facts.before else None
    return was.percentile_95 if was is not None and was.latencies >= enough else None


def _queue(facts: Facts) -> Iterator[Finding]:
    peak, usual = facts.queue.peak, facts.queue.usual
    if peak is None or usual is None or peak.value < max(WORTH_TELLING, UNUSUAL * usual):
        return
    half = facts.queue.around_peak(peak.value / 2)
    assert half is not None
    at, first, last = (clock(each, facts.span.seconds) for each in (peak.start, half.start, half.end))
    usually = f"against a median of {number(usual)}" if usual >= 0.01 else "against an empty queue for most of the time"
    says = (
        f"{number(peak.value)} operations were in flight at {at} UTC (mean over {width(facts.interval)}), {usually}. "
        f"From {first} to {last}, for {duration(half.seconds)}, it was at least half as long."
    )
    left = facts.queue.last or 0.0
    end = f" At the end {number(left)} are left." if left >= peak.value / 4 else ""
    yield Finding("warn", ("Unusually long queue",), (says + end,))


def _retries(facts: Facts) -> Iterator[Finding]:
    most, retries = facts.totals.most(lambda each: each.retries), facts.totals.retries
    if most is None:
        return
    period = period_before(facts.span.seconds)
    before = facts.before.retries if facts.before and facts.is_over else None
    change = relative(retries, before, number(before), -1)
    says: Parts = (f"{counted(retries, 'retry', 'retries')}{beside(change, period)}.",)
    ended = facts.totals.ended
    share, load = most.retries / retries, most.ended / ended if ended else 0.0
    concentrated = retries >= WORTH_TELLING and share >= max(0.25, NOTABLE * load)
    if concentrated and len(facts.totals.series) > 1:
        told = f": {number(most.retries)}, {roughly(share)} of them, with {roughly(load)} of the operations that ended."
        says += (" Most often it was ", *of_series(most.key), told)
    elif len(facts.totals.series) > 1:
        says += (" They are spread over the series much as the operations are.",)
    yield Finding("note", ("Retries",), says)
