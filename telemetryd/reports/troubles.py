"""What went wrong, in sentences: backends that were not online, operations that failed and why."""

from __future__ import annotations

from collections.abc import Iterator

from telemetryd.model.timerange import DAY
from telemetryd.query.outages import Outage

from .facts import Facts
from .finding import Finding, beside
from .names import Name, Parts, of_series
from .outages import BackendHealth
from .questions import LOOKED_AT
from .tiles import points
from .wording import MINUTE, clock, counted, duration, listed, number, percent, period_before, roughly, width

# Backends that get a finding of their own, stretches and error types that are named one by one.
MOST_BACKENDS = 4
MOST_STRETCHES = 3
MOST_TYPES = 4
MOST_NAMES = 5
# From this share of failures on, something is wrong; below it, it may be the usual.
BAD_SHARE = 0.05
# A stretch that is shorter is told to the second.
_SHORT = 10 * MINUTE


def health(facts: Facts) -> Iterator[Finding]:
    """Yield a finding for each backend that was not always online, the worst first."""
    if not facts.healths:
        yield Finding("note", ("Health unknown",), ("No backend has told its health, in this range or before it.",))
        return
    troubled = sorted((each for each in facts.healths if each.stretches), key=lambda each: -each.lost)
    for each in troubled[:MOST_BACKENDS]:
        yield _backend(each, facts)
    if rest := troubled[MOST_BACKENDS:]:
        names = _names([each.backend for each in rest])
        says = f" {'was' if len(rest) == 1 else 'were'} not always online either: see the table."
        yield Finding("warn", (f"{counted(len(rest), 'more backend')} not always online",), (*names, says))
    if not troubled:
        count = len(facts.healths)
        which: Parts = (f"All {count} backends were",) if count > 1 else (Name(facts.healths[0].backend), " was")
        says = " online for all the time for which the health is known"
        yield Finding("good", ("Backends online",), (*which, f"{says}, to within {width(facts.health_interval)}."))


def failures(facts: Facts) -> Iterator[Finding]:
    """Yield what failed, where most of it did, and why."""
    totals, before = facts.totals, facts.before
    if not totals.ended:
        return
    period = period_before(facts.span.seconds)
    if not totals.failed:
        was = f" In {period} {number(before.failed)} failed." if before and before.failed else ""
        yield Finding("good", ("No failures",), (f"All {number(totals.ended)} operations that ended completed.{was}",))
        return
    share = totals.failed / totals.ended
    change = points(share, before.failed / before.ended if before and before.ended else None, -1)
    says: Parts = (
        f"{number(totals.failed)} of {counted(totals.ended, 'operation')} failed, {percent(share)}"
        f"{beside(change, period)}.",
    )
    yield Finding(
        "bad" if share >= BAD_SHARE else "warn",
        (f"{counted(totals.failed, 'operation')} failed",),
        (*says, *_where(facts), *_why(facts)),
    )


def _backend(each: BackendHealth, facts: Facts) -> Finding:
    states = [(each.offline, "offline"), (each.degraded, "degraded")]
    told = listed([f"{word} for {duration(seconds)}" for seconds, word in states if seconds > 0])
    title = " was offline" if each.offline > 0 else " was degraded"
    if each.lasts is not None:
        title = " ended offline" if each.lasts == 0 else " ended degraded"
    totals = next((found for found in facts.totals.backends() if found.backend == each.backend), None)
    failed = f" Of what ended there {percent(totals.failed / totals.ended)} failed." if totals and totals.ended else ""
    share = percent((each.offline + each.degraded) / each.known)
    says = f"{told.capitalize()}, {share} of the time: {_when(each, facts)}.{failed}"
    return Finding("bad" if each.offline > 0 else "warn", (Name(each.backend), title), (says,))


def _when(each: BackendHealth, facts: Facts) -> str:
    longest = sorted(each.stretches, key=lambda stretch: -stretch.seconds)
    known = f", to within {width(facts.health_interval)}"
    lasts = "" if each.lasts is None else ", and it was so at the end"
    if len(longest) <= MOST_STRETCHES:
        shown = listed([_from_to(stretch, facts) for stretch in each.stretches])
        return f"{shown} UTC{known}{lasts}"
    shown = _from_to(longest[0], facts)
    return f"in {number(len(longest))} stretches, the longest {shown} UTC{known}{lasts}"


def _from_to(stretch: Outage, facts: Facts) -> str:
    precise = stretch.seconds < _SHORT and facts.health_interval <= MINUTE
    resolution = 1 if precise else MINUTE
    first, last = (clock(at, facts.span.seconds, resolution) for at in (stretch.start, stretch.end))
    # The day is said once, and so is the minute.
    same_day = stretch.start // DAY == stretch.end // DAY
    return first if first == last else f"{first}–{clock(stretch.end, DAY, resolution) if same_day else last}"


def _where(facts: Facts) -> Parts:
    """Return which series failed most: in number, and as a share of its own."""
    most = facts.totals.most(lambda each: each.failed)
    if most is None or len([each for each in facts.totals.series if each.ended]) == 1:
        return ()
    share = roughly(most.failed / facts.totals.failed)
    if most.failed == facts.totals.failed:
        return (" All were ", *of_series(most.key), f", of which {percent(most.error_rate)} failed.")
    told = f": {number(most.failed)}, {share} of all failures and {percent(most.error_rate)} of what ended there."
    return (" Most often it was ", *of_series(most.key), told)


def _why(facts: Facts) -> Parts:
    """Return the error types and their shares, of as many failures as can be looked at."""
    looked_at, failed = len(facts.failed), facts.totals.failed
    if not looked_at:
        return (" Why is not known: no single operation is kept of this range.",)
    of = (
        "" if looked_at >= failed else f"last {number(looked_at)}" if looked_at >= LOOKED_AT else f"{number(looked_at)}"
    )
    kept = "" if looked_at >= failed or looked_at >= LOOKED_AT else " that are kept one by one"
    types = facts.error_types()
    shown = types[:MOST_TYPES] if len(types) > MOST_TYPES + 1 else types
    said: list[Parts] = [(Name(word), f" {roughly(count / looked_at)}") for word, count in shown]
    if rest := types[len(shown) :]:
        share = roughly(sum(count for _, count in rest) / looked_at)
        said.append((f"{number(len(rest))} other types {share}",))
    opening = f" The reasons of the {of}{kept}: " if of else " The reasons: "
    return (opening, *_joined(said), ".")


def _names(names: list[str]) -> Parts:
    """Return some names, and how many more there are where they are many."""
    shown: list[Parts] = [(Name(each),) for each in names[:MOST_NAMES]]
    if rest := len(names) - len(shown):
        shown.append((counted(rest, "other"),))
    return _joined(shown)


def _joined(several: list[Parts]) -> Parts:
    """Return ``a, b and c`` of things that are said in parts."""
    parts: list[str] = []
    for index, each in enumerate(several):
        parts += ["" if not index else " and " if index == len(several) - 1 else ", ", *each]
    return tuple(part for part in parts if part)
