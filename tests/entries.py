"""Stands for systemd's journal: listens as it does, and reads what it is sent."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def listening_at(path: str) -> Iterator[socket.socket]:
    """Listen at ``path`` as the journal does at its own."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(path)
        made.settimeout(60)
        yield made


def received(listening: socket.socket) -> dict[str, str]:
    """Return the fields of the next entry that comes to ``listening``, by datagram or as a sealed file."""
    data, ancillary, _, _ = listening.recvmsg(1 << 20, socket.CMSG_SPACE(4))
    if not data:
        ((_, _, passed),) = ancillary
        (descriptor,) = struct.unpack("i", passed)
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0)
            data = file.read()
    return decode(data)


def decode(data: bytes) -> dict[str, str]:
    """Return the fields of an entry."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack_from("<Q", data)
            value, data = data[8 : 8 + length], data[8 + length + 1 :]
        fields[name.decode()] = value.decode()
    return fields
