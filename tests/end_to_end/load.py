"""Producers that never pause, whatever happens to the daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .waiting import until
from .wal import Wal

_AT_ONCE = 50
# Events that a producer may have in memory: well below what an emitter has room for, however long the daemon is gone.
_MOST_WAITING = 20_000
# How far apart the operations of two producers are numbered.
APART = 1_000_000


@contextmanager
def load(path: str, producers: int = 3, number: int = 0, pause: float = 0.005) -> Iterator[list[int]]:
    """Send to the socket at ``path``, and connect to it again and again; give how many operations each producer has started.

    Each starts fifty operations every ``pause`` seconds, unless thousands wait for the daemon. At the end nothing may have been dropped or refused, and all is acknowledged. The n-th producer of load
    ``number`` starts the operations from ``op-<(number * producers + n) * APART>`` on.
    """
    counts = [0] * producers
    refused: list[OSError] = []
    stop = threading.Event()
    wals = [Wal(path, f"load {number}, wal {each}") for each in range(producers)]

    def produce(each: int) -> None:
        while not stop.wait(pause):
            if wals[each].waiting < _MOST_WAITING:
                wals[each].start((number * producers + each) * APART + counts[each], _AT_ONCE)
                counts[each] += _AT_ONCE

    def connect() -> None:
        while not stop.wait(0.01):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                try:
                    client.connect(path)
                except OSError as error:
                    refused.append(error)

    threads = [threading.Thread(target=produce, args=(each,)) for each in range(producers)]
    threads.append(threading.Thread(target=connect))
    for thread in threads:
        thread.start()
    try:
        yield counts
        stop.set()
        for thread in threads:
            thread.join()
        assert all(wal.flush() for wal in wals)
        assert [wal.statistics["dropped"] for wal in wals] == [0] * producers
        assert refused == []
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for wal in wals:
            wal.kill()


def wait_for_more(counts: list[int], operations: int) -> None:
    """Wait until so many more operations have started."""
    enough = sum(counts) + operations
    until(lambda: sum(counts) >= enough, f"{operations} operations to start")
