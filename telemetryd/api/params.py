"""Query parameters: each at most once, each known, each of its type and within its bounds."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from aiohttp import web

from telemetryd.model.errors import InvalidParameter
from telemetryd.model.numerals import number_of

LONGEST_NUMBER = 18


def parameters(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Return the query's parameters; raises :class:`InvalidParameter` for one that is unknown or repeated."""
    query = request.query
    found: dict[str, str] = {}
    for name, value in query.items():
        if name not in known:
            raise InvalidParameter(name[:80], expected_name(name, known), value[:80])
        if name in found:
            raise InvalidParameter(name, "to be given once", query.getall(name)[:10])
        found[name] = value
    return found


def expected_name(name: str, known: Collection[str]) -> str:
    """Return what an unknown name should have been: the nearest known one first."""
    if not known:
        return "no parameter of any name"
    nearest = difflib.get_close_matches(name[:80], known, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    return f"a known parameter{hint}, one of {', '.join(known)}"


def number(params: Mapping[str, str], name: str, default: float, minimum: float, maximum: float, unit: str) -> float:
    """Return the parameter ``name`` as a finite number between two bounds, or ``default`` where it is not given."""
    text = params.get(name)
    if text is None:
        return default
    value = number_of(text)
    if not minimum <= value <= maximum:
        raise InvalidParameter(name, f"{unit} from {minimum:.15g} to {maximum:.15g}", text[:80])
    return value


def whole(params: Mapping[str, str], name: str, default: int, minimum: int, maximum: int, unit: str) -> int:
    """Return the parameter ``name`` as a whole number between two bounds, or ``default`` where it is not given."""
    text = params.get(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else minimum - 1
    if not minimum <= value <= maximum:
        raise InvalidParameter(name, f"a whole number of {unit} from {minimum} to {maximum}", text[:80])
    return value


def choice(params: Mapping[str, str], name: str, known: Collection[str], default: str) -> str:
    """Return the parameter ``name`` as one of the ``known`` words, or ``default`` where it is not given."""
    value = params.get(name, default)
    if value not in known:
        raise InvalidParameter(name, f"one of {', '.join(known)}", value[:80])
    return value
