"""A query's result as bytes: nested JSON, flat rows, CSV, Arrow; piece by piece, so that none is held whole.

A statistic that a sample has not is null in JSON and Arrow and empty in CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from telemetryd.model.events import STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.query.result import MetricTable, Result
from telemetryd.query.tables import arrow_pieces, csv_pieces

from .envelope import encode

# Samples that become objects at once, and bytes that are sent at once.
_CHUNK = 4096
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
        for low, high in _chunks(0, len(table.timestamp)):
            rows = [
                _row(metric, table.keys[code], sample)
                for code, sample in zip(table.series[low:high].tolist(), _flat(table, low, high), strict=True)
            ]
            yield separator + encode(rows)[1:-1]
            separator = b","
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
    bounds = np.searchsorted(table.series, np.arange(len(table.keys) + 1)).tolist()
    types: dict[str, list[tuple[str, Iterator[bytes]]]] = {}
    for code, key in enumerate(table.keys):
        low, high = bounds[code], bounds[code + 1]
        if low == high:
            continue
        if isinstance(key, SeriesKey):
            types.setdefault(key.operation_type, []).append((key.backend, _samples(table, low, high)))
        else:
            yield key, _samples(table, low, high)
    for operation_type, backends in types.items():
        yield operation_type, _object(backends)


def _samples(table: MetricTable, low: int, high: int) -> Iterator[bytes]:
    separator = b"["
    for first, last in _chunks(low, high):
        yield separator + encode([_nest(sample) for sample in _flat(table, first, last)])[1:-1]
        separator = b","
    yield b"]"


def _flat(table: MetricTable, low: int, high: int) -> list[dict[str, Any]]:
    columns = {"timestamp": table.timestamp, **table.statistics}
    names = tuple(columns)
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(column[low:high].tolist() for column in columns.values()), strict=True)
    ]


def _nest(sample: dict[str, Any]) -> dict[str, Any]:
    by_status = {status: sample.pop(status) for status in STATUSES if status in sample}
    if by_status:
        sample["by_status"] = by_status
    return sample


def _row(metric: str, key: SeriesKey | str, sample: dict[str, Any]) -> dict[str, Any]:
    operation_type, backend = key if isinstance(key, SeriesKey) else (None, key)
    return {"metric_type": metric, "operation_type": operation_type, "backend": backend, **sample}


def _object(members: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    separator = b"{"
    for name, value in members:
        yield separator + encode(name) + b":"
        yield from value
        separator = b","
    yield b"}" if separator == b"," else b"{}"


def _chunks(low: int, high: int) -> Iterator[tuple[int, int]]:
    for first in range(low, high, _CHUNK):
        yield first, min(first + _CHUNK, high)
