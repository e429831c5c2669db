"""Numbers as people read them: ``12k``, ``350 ms``, ``99.96 %``, and the ticks of an axis that is logarithmic."""

from __future__ import annotations

import math

_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
# What is round beyond a hundred seconds: 5 and 20 min, 1, 4 and 12 h, days, …
_LONG = (300.0, 1200.0, 3600.0, 14400.0, 43200.0, 172800.0, 604800.0, 2592000.0, 8640000.0, 86400000.0, 864000000.0)
_TIMES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def number(value: float) -> str:
    """Return a number with three digits at most: ``0.25``, ``350``, ``1.2k``, ``12k``."""
    for unit, letter in _LARGE:
        # 999.6 is 1k: rounding may not give four digits.
        if abs(value) >= unit * 0.9995:
            return f"{_digits(value / unit)}{letter}"
    return _digits(value)


def seconds(value: float) -> str:
    """Return a time of so many seconds: ``12 µs``, ``350 ms``, ``2.1 s``, ``1.5 min``."""
    for size, unit in _TIMES:
        if abs(value) >= size * 0.9995 and (unit != "min" or abs(value) >= 119.5):
            return f"{_digits(value / size)} {unit}"
    return "0 s" if abs(value) < 5e-10 else f"{_digits(value / 1e-6)} µs"


def duration(value: int) -> str:
    """Return a whole number of seconds exactly: ``1 min``, ``90 s``, ``2 h``, ``1 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value and value % size == 0:
            return f"{value // size} {unit}"
    return f"{value} s"


def every(interval: int) -> str:
    """Return what follows *per*: ``minute``, ``5 min``, ``hour``."""
    return {1: "second", 60: "minute", 3600: "hour", 86400: "day"}.get(interval) or duration(interval)


def spell(value: float) -> str:
    """Return how long something took, in its two largest units: ``40 s``, ``13 min``, ``1 h 44 min``, ``3 d 2 h``."""
    whole = round(value)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    large, unit, small, part = (3600, "h", 60, "min") if whole < 2 * 86400 else (86400, "d", 3600, "h")
    count, left = divmod(round(whole / small), large // small)
    return f"{count} {unit} {left} {part}" if left else f"{count} {unit}"


def share(value: float) -> str:
    """Return a share of one in per cent; what is not all or nothing is never written as such."""
    percent = value * 100
    nearest = min(percent, 100 - percent)
    if nearest <= 0:
        return f"{percent:.0f} %"
    places = 0 if nearest >= 9.5 else 1 if nearest >= 0.95 else min(4, 1 - math.floor(math.log10(nearest)))
    text = f"{percent:.{places}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def logarithmic_ticks(low: float, high: float, most: int) -> list[float]:
    """Return ticks of a logarithmic axis of seconds between two values above 0: as fine as ``most`` lets them be."""
    for steps, stride in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 6)):
        short = [step * 10.0**power for power in range(-9, 3, stride) for step in steps]
        ticks = [value for value in short if value <= 100] + list(_LONG[:: 1 if stride == 1 else 2])
        inside = [value for value in ticks if low * 0.999 <= value <= high * 1.001]
        if len(inside) <= most:
            break
    return inside


def _digits(value: float) -> str:
    """Return two digits of what is below ten, and whole numbers above."""
    if value == 0:
        return "0"
    if abs(value) >= 9.95:
        return f"{value:.0f}"
    places = max(0, 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
