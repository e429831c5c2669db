"""What a client takes, of what there is: formats by ``Accept``, encodings by ``Accept-Encoding`` (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from telemetryd.model.numerals import number_of

OPENMETRICS = "application/openmetrics-text"
TEXT = "text/plain"
# The versions that are made; a client that asks for another, and for no other format, is sent text.
_VERSIONS = {OPENMETRICS: ("", "1.0.0"), TEXT: ("", "0.0.4")}


class Wish(NamedTuple):
    """One element of a header: what it names, in lower case, its parameters, and how much it is wanted (0 to 1)."""

    name: str
    params: Mapping[str, str]
    quality: float


def wants_openmetrics(accept: str) -> bool:
    """Whether a client would rather have OpenMetrics 1.0 than text.

    It has to say so by name: whoever says nothing, or that anything will do, gets what everyone can read.
    """
    wishes = [*_wishes(accept)]
    openmetrics = _quality(OPENMETRICS, wishes)
    named = any(wish.name == OPENMETRICS for wish in wishes)
    return named and openmetrics > 0 and openmetrics >= _quality(TEXT, wishes)


def wants_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip."""
    wishes = {wish.name: wish.quality for wish in _wishes(accept_encoding)}
    return wishes.get("gzip", wishes.get("*", 0.0)) > 0


def _quality(media_type: str, wishes: list[Wish]) -> float:
    """Return how much a media type is wanted: as the most specific of the ranges that hold it says."""
    kind = media_type.partition("/")[0]
    for name in (media_type, f"{kind}/*", "*/*"):
        found = [wish.quality for wish in wishes if wish.name == name and _is_made(media_type, name, wish)]
        if found:
            return max(found)
    return 0.0


def _is_made(media_type: str, name: str, wish: Wish) -> bool:
    return name != media_type or wish.params.get("version", "") in _VERSIONS[media_type]


def _wishes(header: str) -> Iterator[Wish]:
    for element in header.split(","):
        name, *rest = (part.strip() for part in element.split(";"))
        pairs = [part.partition("=") for part in rest]
        params = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        yield Wish(name.lower(), params, _number(params.pop("q", "1")))


def _number(text: str) -> float:
    """Return a quality; one that is none says that the element is not wanted."""
    quality = number_of(text)
    return quality if 0 <= quality <= 1 else 0.0
