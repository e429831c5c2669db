"""The tracker's state as bytes, for the checkpoint at the head of a journal segment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Struct

from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import NO_STATE

from .operation import Operation
from .regular import Regular
from .tracker import Tracker

# Operations that are encoded at once: other threads wait for that long.
_CHUNK = 2048
# What an array of this many entries begins with: the fields of the state.
_FIELDS = b"\x94"

_encode = msgspec.msgpack.encode


class _State(Struct, array_like=True):
    series: list[tuple[str, str, float]]
    operations: dict[str, Regular | Operation]
    ended: dict[str, Regular | Operation]
    health: dict[str, tuple[float, int]]


def encode_tracker(tracker: Tracker) -> bytes:
    """Return the tracker's state; infinities and NaN travel as they are (MessagePack floats).

    Every row is sealed at a checkpoint, so of each timeline the last step is all that counts, and
    the rest is forgotten here.
    """
    for operation in (*tracker.table.operations.values(), *tracker.table.ended.values()):
        if type(operation) is Operation:
            del operation.steps[:-1]
    keys = zip(tracker.series.keys, tracker.series.first_seen, strict=True)
    series = [(key.operation_type, key.backend, first_seen) for key, first_seen in keys]
    # What encoding the whole _State at once would give.
    pieces = (
        _FIELDS,
        _encode(series),
        *_encoded(tracker.table.operations),
        *_encoded(tracker.table.ended),
        _encode(tracker.health),
    )
    return b"".join(pieces)


def _encoded(operations: dict[str, Regular | Operation]) -> Iterator[bytes]:
    """Yield the map that they are, piece by piece."""
    yield _head_of_map(len(operations))
    entries = iter(operations.items())
    while chunk := dict(islice(entries, _CHUNK)):
        yield _encode(chunk)[len(_head_of_map(len(chunk))) :]


def _head_of_map(entries: int) -> bytes:
    """Return what a map begins with in MessagePack, in its shortest form."""
    if entries < 1 << 4:
        return bytes((0x80 | entries,))
    if entries < 1 << 16:
        return b"\xde" + entries.to_bytes(2, "big")
    return b"\xdf" + entries.to_bytes(4, "big")


def restore_tracker(tracker: Tracker, state: bytes) -> None:
    """Fill a new tracker; raises :class:`CorruptFile` where ``state`` is not a tracker's."""
    try:
        decoded = msgspec.msgpack.decode(state, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptFile(f"checkpoint: expected a tracker's state: {error}") from None
    tracker.series.restore(decoded.series)
    tracker.health = decoded.health
    tracker.table.operations = decoded.operations
    tracker.table.ended = decoded.ended
    for operation in decoded.operations.values():
        if operation.placed != NO_STATE:
            tracker.in_flight[operation.series][operation.placed] += 1
