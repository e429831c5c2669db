"""The line to a process that draws: one of our own, or one that a service starts for whoever connects to its socket."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeAlias

from .session import Session

# Bytes of an answer that are held before its reader comes.
LIMIT = 1 << 18
# How long all of a session may take to be gone once killed (s).
_DYING = 5.0


class Link(Protocol):
    """A process that draws, as far as the daemon can reach it; ``pid`` is 0 where it is not ours."""

    pid: int
    orders: StreamWriter
    answers: StreamReader
    said: StreamReader | None

    def hang_up(self) -> None:
        """Send no more orders: it ends once it has read those before."""

    def kill(self) -> None:
        """End it, whatever it does."""

    async def ended(self) -> tuple[int, str]:
        """Return its exit code and what came of it, once nothing is left of it that is ours."""


Start: TypeAlias = Callable[[], Awaitable[Link]]


class Child:
    """A process of our own, in a session of its own, with a folder of its own."""

    def __init__(self, process: asyncio.subprocess.Process, folder: str) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.pid = process.pid
        self.orders, self.answers = process.stdin, process.stdout
        self.said: StreamReader | None = process.stderr
        self._process = process
        self._folder = folder

    @classmethod
    async def start(cls, command: Sequence[str], folder: str, environ: Mapping[str, str]) -> Child:
        """Start ``command`` in a session of its own; raises :class:`OSError`."""
        await asyncio.to_thread(os.makedirs, folder, 0o700)
        # Whatever it and its browser write is written there; it finds the modules that this process finds.
        modules = os.pathsep.join(filter(None, sys.path))
        environ = {**environ, "TMPDIR": folder, "HOME": folder, "PYTHONPATH": modules}
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, start_new_session=True, limit=LIMIT
            )
        except OSError:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return cls(process, folder)

    def hang_up(self) -> None:
        """Close its standard input."""
        self.orders.close()

    def kill(self) -> None:
        """Kill it; gone already, so much the better."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> tuple[int, str]:
        """Return its exit code, once its browser has gone with it, and its folder."""
        await asyncio.to_thread(Session(self.pid).end, _DYING)
        code = await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        return code, f"it ended with code {code}"


class Called:
    """A process that a service has started for this connection, and ends with it."""

    def __init__(self, answers: StreamReader, orders: StreamWriter) -> None:
        self.pid = 0
        self.orders, self.answers = orders, answers
        self.said: StreamReader | None = None

    @classmethod
    async def call(cls, path: str) -> Called:
        """Connect to the service's socket; raises :class:`OSError`, which names it."""
        try:
            return cls(*await asyncio.open_unix_connection(path, limit=LIMIT))
        except OSError as error:
            raise OSError(error.errno, error.strerror or str(error), path) from None

    def hang_up(self) -> None:
        """Close the connection in our direction."""
        with suppress(OSError):
            self.orders.write_eof()

    def kill(self) -> None:
        """Cut the connection: at its end the process ends its browser and itself."""
        self.orders.transport.abort()

    async def ended(self) -> tuple[int, str]:
        """Return at once: what is left of it is the service's business."""
        self.orders.close()
        return 0, "its connection was closed"
