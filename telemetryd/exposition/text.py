"""Families as text: the format of Prometheus, version 0.0.4, and OpenMetrics 1.0.

All lines of many rows are made by one formatting: a scrape may have ten thousand of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .family import Family, Rows

# Lines that are made in one go: so many that each costs little, so few that nobody waits for them.
BLOCK = 1000
# Characters that are sent as one piece.
PIECE = 1 << 16
END = "# EOF\n"
# A gzip stream, by the library's way to say so; the lines are so alike that trying harder gains little.
_GZIP, _LEVEL = 31, 1


def family_text(family: Family, rows: Rows, openmetrics: bool, created: float) -> Iterator[str]:
    """Yield the family's metadata and its lines, block by block; nothing where it has no rows.

    ``created`` (Unix s) is since when counters and histograms have counted.
    """
    count = len(rows.columns[0]) if rows.columns else 0
    if not count:
        return
    yield "\n".join((*_metadata(family, openmetrics), ""))
    columns = [*_columns(family, rows, [created] * count if openmetrics else None)]
    template = "".join(_lines(family, openmetrics))
    step = max(1, BLOCK // len(columns))
    for first in range(0, count, step):
        size = min(step, count - first)
        yield template * size % tuple(_arguments(rows.labels, columns, first, size))


def encoded(texts: Iterable[str], compress: bool) -> Iterator[bytes]:
    """Yield texts as UTF-8, gathered to pieces, as one gzip stream where ``compress`` says so."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP) if compress else None
    for piece in _gathered(texts):
        # What no UTF-8 can say does not come in: that is the codec's part.
        data = piece.encode("utf-8", "replace")
        if compressor is not None:
            data = compressor.compress(data)
        if data:
            yield data
    if compressor is not None:
        yield compressor.flush()


def _gathered(texts: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= PIECE:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _metadata(family: Family, openmetrics: bool) -> Iterator[str]:
    if openmetrics:
        yield f"# TYPE {family.name} {family.kind}"
        if family.unit:
            yield f"# UNIT {family.name} {family.unit}"
        yield f"# HELP {family.name} {family.help}"
        return
    kind = {"info": "gauge", "unknown": "untyped"}.get(family.kind, family.kind)
    yield f"# HELP {family.sample_name} {family.help}"
    yield f"# TYPE {family.sample_name} {kind}"


def _columns(family: Family, rows: Rows, created: Sequence[float] | None) -> Iterator[Sequence[int | float | str]]:
    """Yield the values of each line, over the rows; ``created`` where lines of that name are told."""
    if family.kind == "histogram":
        *buckets, total = rows.columns
        yield from buckets
        # The count is that of the infinite bucket, without its exemplar.
        yield [str(value).partition(" ")[0] for value in buckets[-1]]
        yield total
        if created is not None:
            yield created
        return
    for column in rows.columns:
        yield column
        if created is not None and family.kind == "counter":
            yield created


def _lines(family: Family, openmetrics: bool) -> Iterator[str]:
    """Yield the lines of a row, in that order, with a %s for its labels, where it has any, and one for each value."""
    name = family.sample_name
    if family.kind == "histogram":
        for bound in (*family.bounds, "+Inf"):
            yield _line(family, f"{name}_bucket", f'le="{bound}"')
        yield _line(family, f"{name}_count")
        yield _line(family, f"{name}_sum")
        if openmetrics:
            yield _line(family, f"{name}_created")
        return
    for word in [f'{family.spread.label}="{word}"' for word in family.spread.words] if family.spread else [""]:
        yield _line(family, name, word)
        if openmetrics and family.kind == "counter":
            yield _line(family, f"{family.name}_created", word)


def _line(family: Family, name: str, more: str = "") -> str:
    labels = ",".join(each for each in ("%s" if family.labels else "", more) if each)
    return f"{name}{{{labels}}} %s\n" if labels else f"{name} %s\n"


def _arguments(labels: Sequence[str], columns: Sequence[Sequence[Any]], first: int, size: int) -> list[Any]:
    """Return what goes into the lines of ``size`` rows, line by line: labels, where there are any, and a value."""
    each, last = len(columns), first + size
    if not labels:
        arguments: list[Any] = [None] * (each * size)
        for at, column in enumerate(columns):
            arguments[at::each] = column[first:last]
        return arguments
    arguments = [None] * (2 * each * size)
    for at, column in enumerate(columns):
        arguments[2 * at :: 2 * each] = labels[first:last]
        arguments[2 * at + 1 :: 2 * each] = column[first:last]
    return arguments
