"""Who is at the other end of a connection, and whether anybody still is."""

from __future__ import annotations

import select
import socket
import struct
from dataclasses import dataclass


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


def sends_no_more(connected: socket.socket) -> bool:
    """Whether the peer has ended its side, or is gone; what it sent before may be unread."""
    poll = select.poll()
    poll.register(connected.fileno(), select.POLLRDHUP)
    return bool(poll.poll(0))
