"""Who is at the other end of a connection, and whether anybody still is."""

from __future__ import annotations

import select
import socket
import struct
from dataclasses import dataclass

from telemetryd.model.codec import Hello, decode_frame
from telemetryd.model.errors import Rejected

_LONGEST_HELLO = 4096
# Of <asm-generic/socket.h>; the socket module does not have it, and takes no more than so many bytes.
_SO_PEERGROUPS = 59
_MOST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """A process, by SO_PEERCRED."""

    pid: int
    uid: int
    gid: int


def peer_of(connected: socket.socket) -> Peer:
    """Return who is connected, by the kernel's word."""
    found = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return Peer(*struct.unpack("3i", found))


def groups_of(connected: socket.socket) -> tuple[int, ...]:
    """Return the supplementary groups of who is connected, as they were when it connected; none of one that has hundreds."""
    try:
        found = connected.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_BYTES)
    except OSError:
        return ()
    return struct.unpack(f"{len(found) // 4}I", found)


def sends_no_more(connected: socket.socket) -> bool:
    """Whether the peer has ended its side, or is gone; what it sent before may be unread."""
    return _says(connected, select.POLLRDHUP)


def is_gone(connected: socket.socket) -> bool:
    """Whether nobody reads there any more, either; what was sent before may be unread."""
    # Of these two the kernel tells unasked.
    return _says(connected, select.POLLHUP | select.POLLERR)


def is_dispensable(connected: socket.socket, producer: str) -> bool:
    """Whether the peer is gone, and nothing is lost where what it sent last is never read.

    What a producer sent last was never acknowledged: it is the producer's to keep. Plain lines are nobody's
    any more. A ``producer`` that is still to be heard of begins with its hello.
    """
    if not is_gone(connected):
        return False
    if producer:
        return True
    try:
        unread = _unread(connected)
        return not unread or isinstance(decode_frame(unread.partition(b"\n")[0]), Hello)
    except (Rejected, OSError):
        return False


def _unread(connected: socket.socket) -> bytes:
    """Return what was sent and is not read, as far as a hello may reach; it stays to be read."""
    # What asyncio gives of a socket cannot read.
    with connected.dup() as own:
        return own.recv(_LONGEST_HELLO, socket.MSG_PEEK | socket.MSG_DONTWAIT)


def _says(connected: socket.socket, what: int) -> bool:
    poll = select.poll()
    poll.register(connected.fileno(), what)
    return any(found & what for _, found in poll.poll(0))
