"""A query's result as bytes: nested JSON, flat rows, CSV, Arrow; piece by piece, so that none is held whole.

A statistic that a sample has not is null in JSON and Arrow and empty in CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from telemetryd.model.series import SeriesKey
from telemetryd.query.result import MetricTable, Result
from telemetryd.query.tables import arrow_pieces, csv_pieces

from .envelope import encode
from .sample_text import Texts

# Bytes that are sent at once.
_PIECE = 256 * 1024

Envelope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One value of ``format``: its content type, and the bytes of a result in it."""

    content_type: str
    pieces: Callable[[Result, Envelope], Iterator[bytes]]


def nested_pieces(result: Result, envelope: Envelope) -> Iterator[bytes]:
    """Yield the answer whose ``metrics`` hold type, backend and list of samples; health has no type."""
    yield encode(envelope)[:-1] + b',"metrics":'
    yield from _object((metric, _object(_by_type(table))) for metric, table in result.metrics.items())
    yield b"}"


def rows_pieces(result: Result, envelope: Envelope) -> Iterator[bytes]:
    """Yield the answer whose ``rows`` are flat objects, one a sample."""
    yield encode(envelope)[:-1] + b',"rows":['
    separator = b""
    for metric, table in result.metrics.items():
        heads = [_members(metric, key) for key in table.keys]
        for piece in Texts(table, heads).between(0, len(table)):
            yield separator + piece
            separator = b"" if piece.endswith(b",") else b","
    yield b"]}"


def coalesced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in fewer pieces."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


FORMATS = {
    "json": Format("application/json", nested_pieces),
    "rows": Format("application/json", rows_pieces),
    "csv": Format("text/csv; charset=utf-8", lambda result, envelope: csv_pieces(result)),
    "arrow": Format("application/vnd.apache.arrow.stream", arrow_pieces),
}


def _by_type(table: MetricTable) -> Iterator[tuple[str, Iterator[bytes]]]:
    texts = Texts(table)
    bounds = np.searchsorted(table.series, np.arange(len(table.keys) + 1)).tolist()
    types: dict[str, list[tuple[str, Iterator[bytes]]]] = {}
    for code, key in enumerate(table.keys):
        low, high = bounds[code], bounds[code + 1]
        if low == high:
            continue
        if isinstance(key, SeriesKey):
            types.setdefault(key.operation_type, []).append((key.backend, _samples(texts, low, high)))
        else:
            yield key, _samples(texts, low, high)
    for operation_type, backends in types.items():
        yield operation_type, _object(backends)


def _samples(texts: Texts, low: int, high: int) -> Iterator[bytes]:
    yield b"["
    yield from texts.between(low, high)
    yield b"]"


def _members(metric: str, key: SeriesKey | str) -> str:
    """Return how the object of each sample of a series begins."""
    operation_type, backend = key if isinstance(key, SeriesKey) else (None, key)
    members = {"metric_type": metric, "operation_type": operation_type, "backend": backend}
    return encode(members)[1:-1].decode() + ","


def _object(members: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    separator = b"{"
    for name, value in members:
        yield separator + encode(name) + b":"
        yield from value
        separator = b","
    yield b"}" if separator == b"," else b"{}"
