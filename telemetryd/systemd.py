"""What systemd and the daemon say to each other: the socket handed over, and readiness.

Protocols: sd_listen_fds(3) and sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from telemetryd.model.errors import StorageError

FIRST_DESCRIPTOR = 3
_EXPECTED = f"LISTEN_FDS: expected a listening Unix socket as descriptor {FIRST_DESCRIPTOR}"


def inherited_socket(environment: Mapping[str, str]) -> socket.socket | None:
    """Return the listening Unix socket that systemd passed, or None; raises :class:`StorageError` where it passed another thing."""
    count = environment.get("LISTEN_FDS", "0")
    if environment.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or int(count) < 1:
        return None
    try:
        inherited = socket.socket(fileno=FIRST_DESCRIPTOR)
        listens = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise StorageError(f"{_EXPECTED}, found {error.strerror or error}") from None
    if inherited.family != socket.AF_UNIX or inherited.type != socket.SOCK_STREAM or not listens:
        inherited.detach()
        raise StorageError(f"{_EXPECTED}, found another socket")
    inherited.setblocking(False)
    os.set_inheritable(FIRST_DESCRIPTOR, False)
    return inherited


def name_of(inherited: socket.socket) -> str:
    """Return the path of a Unix socket, with an @ in place of the zero byte of an abstract one."""
    name = inherited.getsockname()
    return os.fsdecode(b"@" + name[1:] if isinstance(name, bytes) else name)


def notify(state: str, environment: Mapping[str, str]) -> None:
    """Tell systemd ``state``, such as ``READY=1``; does nothing where no one listens."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        notifier.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
