"""The load of ingest: operations of a busy WAL as frames made beforehand, and the same points as Influx lines.

Operations begin evenly over the last few seconds, run for a time that is log-normal around 20 ms, and are told
in the order in which things happened, as an emitter does: three events each, the ids random UUIDs.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import numpy as np

from telemetryd.model.codec import encode_batch
from telemetryd.model.events import Event, OperationStart, StatusChange

TYPES = ("add", "get", "pin", "unpin", "cat", "ls", "mkdir", "copy", "move", "remove", "publish", "resolve", "stat")
BACKENDS = ("ipfs", "s3", "storacha", "filecoin", "local")
EVENTS_PER_OPERATION = 3
BATCH = 1_000
Series: TypeAlias = tuple[tuple[str, str], ...]
# An event, and the number of its operation.
Happened: TypeAlias = tuple[int, Event]
# Operations of a second, where nothing else is asked for.
RATE = 100_000.0
LATENCY = 0.02
SERIES: Series = tuple(product(TYPES, BACKENDS))
_INFLUX_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """What each producer sends, frame by frame, and all of it as Influx lines, request by request."""

    frames: list[list[bytes]]
    influx: list[bytes]
    events: int

    @classmethod
    def of(cls, events: list[Happened], producers: int, *, influx: bool = False) -> Load:
        """Give each producer every event of its operations, in batches."""
        frames = []
        for number in range(producers):
            mine = [event for operation, event in events if operation % producers == number]
            batches = range(0, len(mine), BATCH)
            frames.append([encode_batch(at, mine[first : first + BATCH]) for at, first in enumerate(batches, 1)])
        return cls(frames, list(_influx(events)) if influx else [], len(events))


def load_of(operations: int, producers: int, series: Series = SERIES, *, influx: bool = False) -> Load:
    """Return a load that begins some seconds ago and ends now."""
    return Load.of(list(happened(operations, time.time() - operations / RATE, RATE, series)), producers, influx=influx)


def happened(
    operations: int, begin: float, rate: float, series: Series = SERIES, latency: float = LATENCY
) -> Iterator[Happened]:
    """Yield what happens to operations from ``begin`` on, ``rate`` of them a second, each with its operation's number.

    They take ``latency`` s: half of them less, half of them more.
    """
    random = np.random.default_rng()
    began = begin + np.arange(operations) / rate
    took = random.lognormal(np.log(latency), 1.0, operations)
    at = np.concatenate([began, began + took * random.uniform(0.05, 0.5, operations), began + took])
    noise, failed = random.bytes(16 * operations), random.random(operations) < 0.05
    ids = [str(UUID(bytes=noise[first : first + 16], version=4)) for first in range(0, 16 * operations, 16)]
    sizes = (random.integers(1, 65, operations) << 18).tolist()
    # What the wire has is what a clock tells: microseconds.
    instants = np.round(at, 6).tolist()
    for index in np.argsort(at, kind="stable").tolist():
        turn, number = divmod(index, operations)
        if turn == 0:
            operation_type, backend = series[number % len(series)]
            yield number, OperationStart(ids[number], operation_type, backend, instants[index], sizes[number])
        elif turn == 1:
            yield number, StatusChange(ids[number], "processing", instants[index])
        elif failed[number]:
            yield number, StatusChange(ids[number], "failed", instants[index], error_type="Timeout")
        else:
            yield number, StatusChange(ids[number], "completed", instants[index])


def _influx(events: list[Happened]) -> Iterator[bytes]:
    """Yield the same points as bodies of requests: the series as tags, no ids; an end has its latency as value."""
    lines: list[str] = []
    starts: dict[int, OperationStart] = {}
    for number, event in events:
        status, value = "pending", "1"
        if isinstance(event, OperationStart):
            starts[number] = event
        elif isinstance(event, StatusChange):
            status = event.status
            value = "1" if status == "processing" else f"{event.timestamp - starts[number].timestamp:.6f}"
        start, at = starts[number], int(event.timestamp * 1e6) * 1000
        lines.append(f"wal,type={start.operation_type},backend={start.backend},status={status} value={value} {at}")
    for first in range(0, len(lines), _INFLUX_BATCH):
        yield "\n".join([*lines[first : first + _INFLUX_BATCH], ""]).encode()


def kept(load: Load, folder: Path) -> Path:
    """Write a load where the process that sends it finds it, and return the path."""
    path = folder / "load"
    path.write_bytes(pickle.dumps((load.frames, load.influx)))
    return path


def read(path: Path) -> tuple[list[list[bytes]], list[bytes]]:
    """Return the frames of each producer and the bodies of requests that :func:`kept` wrote."""
    frames, influx = pickle.loads(path.read_bytes())
    return frames, influx
