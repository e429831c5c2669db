"""A daemon that does what a test tells it to, over a real Unix socket."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

Line = dict[str, Any]
Answers = Callable[[int], list[Line]]


def acknowledge(number: int) -> list[Line]:
    """Answer a batch as a healthy daemon does."""
    return [{"ack": number}]


class ScriptedDaemon:
    """Listens at ``path`` from :meth:`start` to :meth:`stop`, and remembers what it was told.

    ``answers`` says what to answer to a batch; where the answer is its ack, the batch counts as
    stored, by producer, and the next welcome says so. ``welcome`` overrides parts of the welcome;
    ``hellos_to_refuse`` of the next ones are answered by an error and the end.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.hellos: list[Line] = []
        self.batches: list[tuple[int, list[Line]]] = []
        self.stored: dict[str, dict[int, list[Line]]] = {}
        self.answers: Answers = acknowledge
        self.welcome: Line = {}
        self.hellos_to_refuse = 0
        self.readable = threading.Event()
        self.readable.set()
        self._listening: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Listen."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(self.path)
        self._listening.listen()
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        """Die: close every socket, leave the file."""
        if self._listening is not None:
            # Closing alone does not wake the thread that accepts.
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connections and go on listening."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._connections.clear()

    def say(self, line: Line) -> None:
        """Tell every producer something unasked."""
        for connection in list(self._connections):
            connection.sendall(json.dumps(line).encode() + b"\n")

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self._connections)

    @property
    def events(self) -> list[Line]:
        """Everything stored, in order, whoever sent it."""
        # In lists, for a batch may come in meanwhile.
        stored = [events for batches in list(self.stored.values()) for events in list(batches.values())]
        return [event for events in stored for event in events]

    def last_batch(self, producer: str) -> int:
        """The highest number stored of a producer."""
        return max(self.stored.get(producer, {0: []}))

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with self._lock:
                    self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        producer = ""
        with contextlib.suppress(OSError, ValueError):
            for text in connection.makefile("rb"):
                self.readable.wait()
                line = json.loads(text)
                if "hello" in line and self.hellos_to_refuse:
                    self.hellos_to_refuse -= 1
                    connection.sendall(b'{"error": "too many", "reason": "too_many_connections"}\n')
                    break
                if "hello" in line:
                    self.hellos.append(line["hello"])
                    producer = line["hello"]["producer"]
                    told = {
                        "version": 1,
                        "last_batch": self.last_batch(producer),
                        "enabled": True,
                        "max_line_bytes": 1 << 20,
                    }
                    answers: list[Line] = [{"welcome": {**told, **self.welcome}}]
                else:
                    answers = self._take(producer, line["batch"], line["events"])
                connection.sendall(b"".join(json.dumps(answer).encode() + b"\n" for answer in answers))
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)
        connection.close()

    def _take(self, producer: str, number: int, events: list[Line]) -> list[Line]:
        self.batches.append((number, events))
        answers = self.answers(number)
        if {"ack": number} in answers and number > self.last_batch(producer):
            self.stored.setdefault(producer, {})[number] = events
        return answers
