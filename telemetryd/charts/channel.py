"""The line to Chromium: JSON messages both ways, each ended by a zero byte, over one pair of sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

import orjson
from choreographer.channels import ChannelClosedError, MessageTooLargeError, Pipe
from choreographer.channels.pipe import MAX_MESSAGE_SIZE

_CHUNK = 1 << 18


class Channel(Pipe):
    """What choreographer talks to the browser by, in place of its pipes.

    Those keep a copy of the browser's ends open, so that the death of the browser is seen by nobody and
    a thread stays in a read or write for ever. Here the browser's death is the end of the file at once,
    and :meth:`close` wakes whoever reads or writes. Numbers and figures that are JSON already
    (:class:`orjson.Fragment`) are encoded once, by orjson. ``on_end`` is called by the reading thread.
    """

    def __init__(self, on_end: Callable[[], object]) -> None:
        # Not the pipes of the class above: only its name is needed, which choreographer asks for.
        self._near, self._far = socket.socketpair()
        self.from_choreo_to_external = self.from_external_to_choreo = self._far.fileno()
        self.shutdown_lock = Lock()
        self._on_end = on_end
        self._opened = False
        self._begun: list[bytes] = []

    def open(self) -> None:
        """Begin: the browser has its end, and our copy of it goes."""
        self._opened = True
        self._far.close()

    def is_ready(self) -> bool:
        """Return whether it is open."""
        return self._opened and not self.shutdown_lock.locked()

    def write_json(self, obj: Mapping[str, Any]) -> tuple[float, float]:
        """Send one message, and return when that began and ended; raises ``ChannelClosedError`` where it cannot."""
        message = orjson.dumps(obj) + b"\0"
        if len(message) > MAX_MESSAGE_SIZE:
            raise MessageTooLargeError(len(message), MAX_MESSAGE_SIZE, payload=message[:-1].decode())
        began = time.perf_counter()
        try:
            self._near.sendall(message)
        except OSError as error:
            self.close()
            raise ChannelClosedError(str(error)) from error
        return began, time.perf_counter()

    def read_jsons(self, *, blocking: bool = True) -> tuple[Sequence[Any], float]:
        """Wait for messages, and return them with the time; raises ``ChannelClosedError`` once there is no browser."""
        while True:
            try:
                chunk = self._near.recv(_CHUNK)
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            if not chunk:
                self.close()
                self._on_end()
                raise ChannelClosedError("the browser has ended")
            head, zero, rest = chunk.rpartition(b"\0")
            if not zero:
                self._begun.append(chunk)
                continue
            messages = b"".join([*self._begun, head]).split(b"\0")
            self._begun = [rest]
            return [orjson.loads(message) for message in messages], time.perf_counter()

    def close(self) -> None:
        """End it; whoever waits in it is woken."""
        self.shutdown_lock.acquire(blocking=False)
        for end in (self._near, self._far):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
