"""A producer that speaks protocol version 1 byte by byte, and keeps every line it is told."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from .waiting import PATIENCE

Line = dict[str, Any]


class Producer:
    """One connection to the ingest socket.

    ``heard`` holds every line that was read and not asked for: error lines while waiting for an
    ack, for example. All waiting has a deadline; what does not come in time fails the test.
    """

    def __init__(self, path: str) -> None:
        self.heard: list[Line] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(path)
        self._read = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def send_line(self, content: Any) -> None:
        """Send one value as a line of JSON."""
        self.send(json.dumps(content).encode() + b"\n")

    def hello(self, producer: str, dropped: int = 0) -> Line:
        """Say hello and return the welcome."""
        self.send_line({"hello": {"producer": producer, "version": 1, "dropped": dropped}})
        return self.expect("welcome")["welcome"]  # type: ignore[no-any-return]

    def batch(self, number: int, events: Sequence[Any]) -> None:
        """Send one numbered batch."""
        self.send_line({"batch": number, "events": list(events)})

    def store(self, number: int, events: Sequence[Any]) -> None:
        """Send one numbered batch and wait until it is acknowledged."""
        self.batch(number, events)
        self.expect_ack(number)

    def expect(self, key: str) -> Line:
        """Return the next line that has ``key``; others are kept in ``heard``."""
        for line in self.lines():
            if key in line:
                return line
            assert "nack" not in line, line
            self.heard.append(line)
        raise AssertionError(f"expected a line with {key!r}, found the end of the connection after {self.heard}")

    def expect_ack(self, number: int) -> None:
        """Wait until batch ``number`` is acknowledged, by its own ack or by a later one."""
        while True:
            line = self.expect("ack")
            if line["ack"] >= number:
                return

    def expect_error(self, reason: str) -> str:
        """Return the sentence of the next error line, which must be for ``reason``."""
        line = next((line for line in self.heard if "error" in line), None)
        if line is None:
            line = self.expect("error")
        else:
            self.heard.remove(line)
        assert line["reason"] == reason, line
        assert isinstance(line["error"], str) and line["error"], line
        return line["error"]

    def lines(self) -> Iterator[Line]:
        """Yield the lines that come, until the other side hangs up."""
        with contextlib.suppress(ConnectionResetError):
            while line := self._read.readline():
                yield json.loads(line)

    def end(self) -> None:
        """Say that nothing more will be sent; answers can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self._read.close()
        self._socket.close()
