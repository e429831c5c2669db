"""What a part hands on to the hours after it: how it moved the queue, and the last health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np

from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import BACKEND_HEALTH_CHANGE
from telemetryd.model.series import SeriesKey

from .columns import EventColumns
from .moves import is_operation, moves, series_of


@dataclass(frozen=True, slots=True)
class Carry:
    """``net``: per series, how many more operations are pending, processing and retrying at the end than
    at the start; ``health``: per backend, its last change (Unix s, state code).
    """

    net: dict[SeriesKey, tuple[int, int, int]]
    health: dict[str, tuple[float, int]]

    def encode(self) -> bytes:
        """Return the carry as JSON."""
        net = [[*key, *states] for key, states in self.net.items()]
        return msgspec.json.encode({"net": net, "health": self.health})

    @classmethod
    def decode(cls, data: bytes) -> Carry:
        """Return a carry from its JSON; raises :class:`CorruptFile`."""
        try:
            decoded = msgspec.json.decode(data, type=_Encoded)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CorruptFile(f"carry: expected its JSON: {error}") from None
        net = {SeriesKey(row[0], row[1]): (row[2], row[3], row[4]) for row in decoded.net}
        return cls(net, decoded.health)


class _Encoded(msgspec.Struct, frozen=True):
    net: list[tuple[str, str, int, int, int]]
    health: dict[str, tuple[float, int]]


def carry_of(events: EventColumns) -> Carry:
    """Return what these rows hand on."""
    events = events.without_ids()
    return Carry(_net(events.take(is_operation(events))), _health(events.take(events.event == BACKEND_HEALTH_CHANGE)))


def joined(carries: Iterable[Carry]) -> Carry:
    """Return what several stretches of events together hand on; of two changes of health at one instant the later one holds."""
    net: dict[SeriesKey, tuple[int, int, int]] = {}
    health: dict[str, tuple[float, int]] = {}
    for carry in carries:
        for key, moved in carry.net.items():
            pending, processing, retrying = net.get(key, (0, 0, 0))
            net[key] = (pending + moved[0], processing + moved[1], retrying + moved[2])
        for backend, change in carry.health.items():
            if change[0] >= health.get(backend, change)[0]:
                health[backend] = change
    return Carry({key: moved for key, moved in net.items() if any(moved)}, health)


def _net(events: EventColumns) -> dict[SeriesKey, tuple[int, int, int]]:
    codes, keys = series_of(events)
    moved = moves(events)
    entered, left = (
        np.bincount(codes[states >= 0] * 3 + states[states >= 0], minlength=len(keys) * 3)
        for states in (moved.enters, moved.leaves)
    )
    rows = (entered - left).reshape(-1, 3).tolist()
    return {key: (row[0], row[1], row[2]) for key, row in zip(keys, rows, strict=True) if any(row)}


def _health(events: EventColumns) -> dict[str, tuple[float, int]]:
    last: dict[str, tuple[float, int]] = {}
    for index in np.lexsort((events.sequence, events.timestamp)).tolist():
        last[events.backends[events.backend[index]]] = (float(events.timestamp[index]) / 1e6, int(events.status[index]))
    return last
