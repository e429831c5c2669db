"""A scrape, from what there is to tell to the bytes of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from . import own, wal
from .facts import Facts
from .text import END, encoded, family_text

FAMILIES = (*wal.FAMILIES, *own.FAMILIES)


def scrape(facts: Facts, openmetrics: bool, compress: bool) -> Iterator[bytes]:
    """Yield the answer piece by piece: OpenMetrics 1.0 or the text format 0.0.4, as gzip where ``compress`` says so.

    Each piece is a few milliseconds of work at most, and all of it may be done in a thread.
    """
    return encoded(_texts(facts, openmetrics), compress)


def _texts(facts: Facts, openmetrics: bool) -> Iterator[str]:
    for family, rows in chain(wal.wal(facts.wal, openmetrics), own.own(facts.own)):
        yield from family_text(family, rows, openmetrics, facts.started)
    if openmetrics:
        yield END
