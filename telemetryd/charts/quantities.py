"""Numbers as people read them: ``12k``, ``350 ms``, ``99.96 %``, and the ticks of an axis that is logarithmic.

Shares and lengths of time are worded here for charts and for reports; the dashboard's ``quantities.js`` does it alike.
"""

from __future__ import annotations

import math

_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
# What is round beyond a hundred seconds: 5 and 20 min, 1, 4 and 12 h, days, …
_LONG = (300.0, 1200.0, 3600.0, 14400.0, 43200.0, 172800.0, 604800.0, 2592000.0, 8640000.0, 86400000.0, 864000000.0)
# Units of a length of time, the next smaller ones, and up to where they are used.
_PAIRS = ((60, "min", 1, "s", 3600), (3600, "h", 60, "min", 86400), (86400, "d", 3600, "h", math.inf))
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
    """Return a length of time in seconds, in two units at most: ``4 ms``, ``850 ms``, ``4.23 s``, ``12 min 5 s``, ``3 h 12 min``."""
    if value == 0:
        return "0 s"
    if value < 0.001:
        return f"{_three(value * 1e6)} µs" if value >= 1e-9 else "under 0.001 µs"
    if value < 0.9995:
        return f"{_three(value * 1000)} ms"
    if value < 59.95:
        return f"{_three(value)} s"
    size, unit, less, part, _ = next(pair for pair in _PAIRS if round(value / pair[2]) * pair[2] < pair[4])
    count, rest = divmod(round(value / less) * less, size)
    return f"{count} {unit} {rest // less} {part}" if rest else f"{count} {unit}"


def share(value: float) -> str:
    """Return a share of one in per cent: ``0 %`` and ``100 %`` only where it is so exactly."""
    if value in (0.0, 1.0):
        return f"{value * 100:.0f} %"
    # Close to none and to all it is the next digit that tells.
    for places in (1, 2, 3) if 0.01 <= value <= 0.99 else (2, 3):
        text = f"{value * 100:.{places}f}"
        if float(text) not in (0.0, 100.0):
            return f"{text.rstrip('0').rstrip('.')} %"
    return f"{'under 0.001' if value < 0.5 else 'over 99.999'} %"


def logarithmic_ticks(low: float, high: float, most: int) -> list[float]:
    """Return ticks of a logarithmic axis of seconds between two values above 0: as fine as ``most`` lets them be."""
    for steps, stride in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 6)):
        short = [step * 10.0**power for power in range(-9, 3, stride) for step in steps]
        ticks = [value for value in short if value <= 100] + list(_LONG[:: 1 if stride == 1 else 2])
        inside = [value for value in ticks if low * 0.999 <= value <= high * 1.001]
        if len(inside) <= most:
            break
    return inside


def _three(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"


def _digits(value: float) -> str:
    """Return two digits of what is below ten, and whole numbers above."""
    if value == 0:
        return "0"
    if abs(value) >= 9.95:
        return f"{value:.0f}"
    places = max(0, 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
