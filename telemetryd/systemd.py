"""What systemd and the daemon say to each other: the socket handed over, and readiness.

Protocols: sd_listen_fds(3) and sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

FIRST_DESCRIPTOR = 3


def inherited_socket(environment: Mapping[str, str]) -> socket.socket | None:
    """Return the listening Unix socket that systemd passed, or None."""
    if environment.get("LISTEN_PID") != str(os.getpid()) or int(environment.get("LISTEN_FDS", "0")) < 1:
        return None
    inherited = socket.socket(fileno=FIRST_DESCRIPTOR)
    inherited.setblocking(False)
    os.set_inheritable(FIRST_DESCRIPTOR, False)
    return inherited


def notify(state: str, environment: Mapping[str, str]) -> None:
    """Tell systemd ``state``, such as ``READY=1``; does nothing where no one listens."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        notifier.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
