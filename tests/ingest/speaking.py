"""A program at the other end of the ingest socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

PATIENCE = 60.0


class Client:
    """Speaks lines over a Unix socket; every wait has an end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, path: Path) -> Client:
        return cls(*await asyncio.wait_for(asyncio.open_unix_connection(str(path)), PATIENCE))

    def write(self, *lines: object) -> None:
        """Send lines at once: bytes as they are, anything else as JSON."""
        self.writer.write(b"".join(each if isinstance(each, bytes) else line(each) for each in lines))

    async def answer(self) -> Any:
        """Return the next answer; raises EOFError where the daemon has hung up."""
        text = await asyncio.wait_for(self._reader.readline(), PATIENCE)
        if not text:
            raise EOFError
        return json.loads(text)

    async def hello(self, producer: str = "wal", **more: Any) -> dict[str, Any]:
        self.write({"hello": {"producer": producer, **more}})
        welcome: dict[str, Any] = (await self.answer())["welcome"]
        return welcome

    async def rest(self) -> bytes:
        """Return what comes until the daemon hangs up."""
        return await asyncio.wait_for(self._reader.read(), PATIENCE)

    async def end(self) -> bytes:
        """Send no more; return what still comes."""
        self.writer.write_eof()
        return await self.rest()

    def close(self) -> None:
        self.writer.close()


def line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


async def turns() -> None:
    """Let the event loop turn often enough for all that could be read by now to be read."""
    for _ in range(50):
        await asyncio.sleep(0)


async def until(condition: Any) -> None:
    """Wait until ``condition()`` is true; raises TimeoutError where it never is."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for is another program's doing
            await asyncio.sleep(0.005)
