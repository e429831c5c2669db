"""Daemons that do less: one that only reads, and the small one that anybody would write first in Python.

``python -m benchmark.rivals KIND SOCKET FOLDER``, where ``KIND`` is ``bare`` or ``small``; ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from measured_daemon import ROOT, on_core

_PIECE = 1 << 18
_PATIENCE = 30.0


@contextmanager
def running(kind: str, folder: Path, core: int | None) -> Iterator[tuple[int, str]]:
    """Run one with its files below ``folder``, and give its process id and the path of its socket."""
    folder.mkdir(parents=True)
    path = folder / "rival.sock"
    command = [*on_core(core), sys.executable, "-m", "benchmark.rivals", kind, str(path), str(folder)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            deadline = time.monotonic() + _PATIENCE
            while not _listens(path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"expected a rival that listens at {path}, found none")
                time.sleep(0.02)
            yield process.pid, str(path)
        finally:
            process.terminate()


def _listens(path: Path) -> bool:
    """Whether it can be connected to: there is a moment in which its socket is there and takes nobody yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


def read_only(path: str, folder: Path) -> None:
    """Read whatever comes and forget it: what the socket itself costs."""
    buffer = bytearray(_PIECE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening, selectors.DefaultSelector() as selector:
        listening.bind(path)
        listening.listen(64)
        selector.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if ready is listening:
                    connection, _ = listening.accept()
                    selector.register(connection, selectors.EVENT_READ)
                elif not ready.recv_into(buffer):
                    selector.unregister(ready)
                    ready.close()


class SmallDaemon(asyncio.Protocol):
    """A connection: each line is parsed, appended to a file, synced and acknowledged."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            frame = json.loads(line)
            if "hello" in frame:
                self._transport.write(b'{"welcome": {"last_batch": 0}}\n')
                continue
            for event in frame["events"]:
                if "event" not in event:
                    raise ValueError(f"expected an event, found {event}")
            self._file.write(line + b"\n")
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self._transport.write(b'{"ack": %d}\n' % frame["batch"])


def small(path: str, folder: Path) -> None:
    """Run the small daemon."""

    async def serve() -> None:
        with (folder / "events.jsonl").open("ab") as file:
            server = await asyncio.get_running_loop().create_unix_server(lambda: SmallDaemon(file), path)
            await server.serve_forever()

    asyncio.run(serve())


def main(arguments: Sequence[str]) -> int:
    """Be the process."""
    kind, path, folder = arguments
    {"bare": read_only, "small": small}[kind](path, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
