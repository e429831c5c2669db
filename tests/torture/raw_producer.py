"""A process that speaks the protocol itself and keeps account of each batch: `sent`, `acked`, `nacked`.

It knows what a batch holds by its number alone, so it can be killed at any time and go on from its
notes. Told to end (SIGTERM), it makes no new batches, waits until all are acknowledged, and exits
with 0; with 3 where the daemon breaks its word.
"""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from .load import Load
from .notes import Notes

BROKEN = 3
WINDOW = 8
_RETRY = 0.02


class BrokenWord(Exception):
    """The daemon has forgotten what it acknowledged, or acknowledges what it was never sent."""


class Lines:
    """What the daemon answers, a line at a time, and every line that came: one that waits unread in a buffer wakes no ``select``."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def receive(self) -> list[dict[str, Any]]:
        """Wait for bytes and return the lines that they complete, possibly none.

        Raises:
            ConnectionError: The daemon has closed the connection.
        """
        came = self._connection.recv(1 << 16)
        if not came:
            raise ConnectionResetError("the daemon closed the connection")
        *complete, self._rest = (self._rest + came).split(b"\n")
        return [json.loads(line) for line in complete]


class RawProducer:
    """Sends batch after batch, at most ``WINDOW`` of them unacknowledged, ``pause`` s apart, for as long as ``ending`` is not set."""

    def __init__(self, path: str, name: str, load: Load, notes: Notes, pause: float) -> None:
        self.ending = False
        self._path = path
        self._name = name
        self._load = load
        self._notes = notes
        self._pause = pause
        self._random = Random()
        known = notes.read()
        self._sent = known.get("sent", 0)
        self._acked = known.get("acked", 0)

    def run(self) -> None:
        """Send, connecting anew whenever the daemon goes away; return when told to end and all is acknowledged."""
        while not (self.ending and self._acked == self._sent):
            with contextlib.suppress(OSError):
                self._converse()
            time.sleep(_RETRY)

    def _converse(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(20)
            connection.connect(self._path)
            self._say(connection, {"hello": {"producer": self._name, "version": 1, "dropped": 0}})
            lines = Lines(connection)
            welcome: list[dict[str, Any]] = []
            while not welcome:
                welcome = lines.receive()
            (first,) = welcome
            last = first["welcome"]["last_batch"]
            self._welcomed(last)
            following = last + 1
            due = 0.0
            while not (self.ending and self._acked == self._sent):
                may_send = following - self._acked <= WINDOW and (following <= self._sent or not self.ending)
                wait = due - time.monotonic() if may_send else 1.0
                if wait <= 0:
                    self._send(connection, following)
                    due = time.monotonic() + self._random.expovariate(1 / self._pause)
                    following += 1
                elif select.select([connection], [], [], wait)[0]:
                    for line in lines.receive():
                        following = self._hear(line, following)

    def _send(self, connection: socket.socket, number: int) -> None:
        if number > self._sent:
            # Before it can be on any disk.
            self._notes.note("sent", number)
            self._sent = number
        events = [*self._load.good(self._name, number), *self._load.bad(self._name, number)]
        self._say(connection, {"batch": number, "events": events})

    def _hear(self, line: dict[str, Any], following: int) -> int:
        if "ack" in line:
            self._acknowledged(line["ack"])
        elif "nack" in line:
            self._notes.note("nacked", line["nack"])
            time.sleep(min(0.1, line["retry_after"]))
            return min(following, line["nack"])
        return following

    def _welcomed(self, last: int) -> None:
        """The daemon tells the last batch that it has on disk: no fewer than it has acknowledged."""
        if last < self._acked:
            raise BrokenWord(f"{self._name}: the daemon has batches up to {last}, it acknowledged {self._acked}")
        self._acknowledged(last)

    def _acknowledged(self, number: int) -> None:
        """Take note that all up to ``number`` is on disk; a batch that was sent once too often is acknowledged again."""
        if number > self._sent:
            raise BrokenWord(f"{self._name}: the daemon acknowledges {number}, sent were {self._sent}")
        if number > self._acked:
            self._notes.note("acked", number)
            self._acked = number

    @staticmethod
    def _say(connection: socket.socket, content: Any) -> None:
        connection.sendall(json.dumps(content).encode() + b"\n")


def main() -> int:
    """Run until told to end."""
    path, name, seed, at, notes, pause = sys.argv[1:]
    producer = RawProducer(path, name, Load(int(seed), int(at)), Notes(Path(notes)), float(pause))

    def end(number: int, frame: object) -> None:
        producer.ending = True

    signal.signal(signal.SIGTERM, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        producer.run()
    except BrokenWord as error:
        print(error, file=sys.stderr, flush=True)
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
