"""Numbers, times and lists as a careful person writes them.

A number never says more than is true: a share of failures is never rounded to none, and one of
successes never to all. Spaces inside a number and its unit do not break.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from telemetryd.charts import quantities
from telemetryd.model.timerange import DAY, HOUR

_NBSP = "\u00a0"
_MINUS = "\u2212"
_UNIT = re.compile(r"(?<=\d) (?=\D)")
# What stands where there is no number.
ABSENT = "–"
MINUTE = 60


def number(value: float | None) -> str:
    """Return a count or a measure: ``12,345``, ``42``, ``4.2``, ``0.37``; three digits where it is no whole number."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}".replace("-", _MINUS)
    if 0 < value < 0.001:
        return "under 0.001"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.2g}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", _MINUS)


def percent(share: float | None) -> str:
    """Return a share (0 to 1) in percent; it is 0 % or 100 % only where it is so exactly."""
    return ABSENT if share is None or not math.isfinite(share) else _unbroken(quantities.share(share))


def roughly(share: float) -> str:
    """Return a share or a change in percent, to two digits or so; 0 % and 100 % only where it is so exactly."""
    return f"{share * 100:.0f}{_NBSP}%" if 0.1 <= share < 0.985 or share > 1 else percent(share)


def times(ratio: float) -> str:
    """Return how many times as much, to two digits or so."""
    return f"{number(round(ratio, 1) if ratio < 10 else round(ratio))} times"


def duration(seconds: float | None) -> str:
    """Return a length of time, in two units at most: ``4 ms``, ``850 ms``, ``4.23 s``, ``12 min 5 s``, ``3 h 12 min``."""
    return ABSENT if seconds is None or not math.isfinite(seconds) else _unbroken(quantities.spell(seconds))


def length(seconds: int) -> str:
    """Return the length of a range in one unit where it is whole: ``30 days``, ``24 hours``, ``90 minutes``."""
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds % unit == 0 and (seconds > unit or unit == MINUTE or (unit == HOUR and seconds == HOUR)):
            return counted(seconds // unit, word)
    return counted(seconds, "second")


def period_before(seconds: int) -> str:
    """Return what the time before a range of this length is called: ``the 24 hours before``, ``the hour before``."""
    return f"the {length(seconds).removeprefix('1 ')} before"


def width(seconds: int) -> str:
    """Return the width of an interval inside a sentence: ``a minute``, ``5 minutes``, ``an hour``, ``90 seconds``."""
    one = {MINUTE: "a minute", HOUR: "an hour", DAY: "a day"}
    return one.get(seconds) or length(seconds)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, one or many."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def instant(seconds: float, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return an instant (Unix s) in UTC; its unit is said beside it."""
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def clock(seconds: float, span: int, resolution: float = MINUTE) -> str:
    """Return an instant (Unix s) as one reads it inside a range of ``span`` s, to the minute or the second."""
    time = "%H:%M" if resolution >= MINUTE else "%H:%M:%S"
    return instant(seconds, time if span <= DAY else f"%d %b {time}")


def offset(seconds: int) -> str:
    """Return an offset from UTC as ``UTC+01:00``."""
    minutes = abs(seconds) // 60
    return f"UTC{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _unbroken(text: str) -> str:
    """Return numbers and units that no line break parts."""
    return _UNIT.sub(_NBSP, text)
