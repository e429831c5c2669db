"""Numbers that come as text: only what every program reads as the same number."""

from __future__ import annotations

import math
import re

# Python's own reading takes more: 1_000, digits of other scripts, blanks around.
_decimal = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def number_of(text: str) -> float:
    """Return the number that ``text`` is, in decimals with or without an exponent; NaN where it is none."""
    return float(text) if _decimal.fullmatch(text) else math.nan
