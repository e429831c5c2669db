"""What a connection says goes out in order, and what is not read of it is known to the byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from telemetryd.ingest.answers import Answers

from .speaking import PATIENCE, until

LINE = b'{"ack":1234567890}\n'


@dataclass(slots=True)
class Bench(asyncio.Protocol):
    """Answers over a real socket, whose other end a test reads when it likes."""

    theirs: socket.socket
    told: list[int] = field(default_factory=list)
    # What was told to be unread, all in all.
    owed: int = 0
    answers: Answers = field(init=False)
    lost: bool = False

    def __post_init__(self) -> None:
        self.answers = Answers(self.tell)

    def tell(self, change: int) -> None:
        self.told.append(change)
        self.owed += change

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.answers.begin(transport)

    def pause_writing(self) -> None:
        self.answers.pause()

    def resume_writing(self) -> None:
        self.answers.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def write_until_owed(self, size: int) -> int:
        """Write lines until so many bytes of them are unread; return how many bytes that were, read or not."""
        written = 0
        while self.owed < size:
            self.answers.write(LINE)
            written += len(LINE)
        return written

    async def read(self, size: int) -> bytes:
        """Return so many bytes of what was said."""
        loop, data = asyncio.get_running_loop(), b""
        while len(data) < size:
            data += await asyncio.wait_for(loop.sock_recv(self.theirs, size - len(data)), PATIENCE)
        return data


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.setblocking(False)
    transport, bench = await asyncio.get_running_loop().create_connection(lambda: Bench(theirs), sock=ours)
    with theirs:
        yield bench
        transport.abort()
        await until(lambda: bench.lost)


async def test_what_is_read_at_once_is_never_owed(bench: Bench) -> None:
    """As with every peer that is well."""
    for _ in range(100):
        bench.answers.write(LINE)
        assert await bench.read(len(LINE)) == LINE
    assert bench.told == []


async def test_what_the_socket_does_not_take_is_owed_until_it_is_read(bench: Bench) -> None:
    """Everything arrives, in order, and nothing is owed then."""
    written = bench.write_until_owed(300_000)
    assert 0 < written - bench.owed < written
    assert bench.answers.look() == bench.owed
    assert await bench.read(written) == LINE * (written // len(LINE))
    await until(lambda: bench.owed == 0)


async def test_looking_shows_what_was_read_meanwhile(bench: Bench) -> None:
    """The transport says nothing as long as something is left to it."""
    written = bench.write_until_owed(1_000_000)
    # As one piece, which is read in part.
    bench.answers.flush()
    await bench.read(written // 2)
    await until(lambda: bench.answers.look() < 900_000)
    assert bench.owed == bench.answers.look() > 0


async def test_small_answers_are_kept_in_one_piece(bench: Bench) -> None:
    """The transport has few of them, so that it is quick to say how much it has, and each costs its bytes alone."""
    bench.write_until_owed(300_000)
    assert bench.answers._transport is not None
    assert bench.answers._transport.get_write_buffer_size() <= len(LINE)


async def test_what_is_dropped_is_owed_no_more(bench: Bench) -> None:
    """And after a hang-up nothing more is taken."""
    bench.write_until_owed(300_000)
    assert bench.answers._transport is not None
    bench.answers._transport.abort()
    bench.answers.drop()
    bench.answers.write(LINE)
    assert (bench.owed, bench.answers.look()) == (0, 0)


def test_before_it_begins_nothing_is_said() -> None:
    """Nor owed."""
    told: list[int] = []
    answers = Answers(told.append)
    answers.write(LINE)
    answers.flush()
    assert (answers.look(), told) == (0, [])
