"""What systemd and the daemon say to each other: sockets handed over, and how the daemon does.

Protocols: sd_listen_fds(3) and sd_notify(3). Nothing here fails where there is no systemd, or none that listens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from telemetryd.api.listen import address_of
from telemetryd.model.errors import StorageError
from telemetryd.passed import HTTP, INGEST, names_passed

FIRST_DESCRIPTOR = 3
_FAMILIES = {INGEST: (socket.AF_UNIX,), HTTP: (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)}
_KINDS = {INGEST: "Unix", HTTP: "TCP or Unix"}
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Inherited:
    """The listening sockets that systemd passed."""

    ingest: socket.socket | None = None
    http: socket.socket | None = None


def inherited_sockets(environment: Mapping[str, str]) -> Inherited:
    """Return what systemd passed, by the names that it gives them.

    Raises :class:`StorageError` where it passed another thing.
    """
    passed = {
        name: _inherited(name, FIRST_DESCRIPTOR + number) for number, name in enumerate(names_passed(environment))
    }
    return Inherited(passed.get(INGEST), passed.get(HTTP))


def http_listen(environment: Mapping[str, str]) -> str:
    """Return where the inherited HTTP socket listens, as ``http.listen`` has it, or nothing; the socket stays to be inherited."""
    try:
        inherited = inherited_sockets(environment)
    except StorageError:
        # The daemon will say so.
        return ""
    try:
        return "" if inherited.http is None else address_of(inherited.http).url.removeprefix("http://")
    finally:
        for each in (inherited.ingest, inherited.http):
            if each is not None:
                each.detach()


def name_of(inherited: socket.socket) -> str:
    """Return the path of a Unix socket, with an @ in place of the zero byte of an abstract one."""
    name = inherited.getsockname()
    return os.fsdecode(b"@" + name[1:] if isinstance(name, bytes) else name)


class Notifier:
    """Tells systemd states, such as ``READY=1``, by one socket that is made at the start and kept.

    So a daemon that has no descriptor left can still say that it lives. Never waits, and never raises.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address:
            with suppress(OSError):
                self._open()

    def notify(self, state: str) -> bool:
        """Tell ``state``, or several, a line each; False where it could not be sent, True also where nobody wants to hear it."""
        if not self._address:
            return True
        # A manager that is away, or too busy to listen, is no reason to fail; nor to wait for it.
        try:
            self._open().sendto(state.encode(), self._address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        return self._socket


def reload_begun() -> str:
    """Return the state that says that a reload begins now."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Return how long systemd waits for a sign of life before it ends this process, or None where it waits for none."""
    text = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not text.isdecimal() or not int(text):
        return None
    return int(text) / _MICROSECONDS


def extension(seconds: float) -> str:
    """Return the state that asks for so much more time to start or to stop."""
    return f"EXTEND_TIMEOUT_USEC={round(seconds * _MICROSECONDS)}"


def _inherited(name: str, descriptor: int) -> socket.socket:
    expected = f"LISTEN_FDS: expected a listening {_KINDS[name]} socket as descriptor {descriptor}"
    try:
        inherited = socket.socket(fileno=descriptor)
        listens = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise StorageError(f"{expected}, found {error.strerror or error}") from None
    if inherited.family not in _FAMILIES[name] or inherited.type != socket.SOCK_STREAM or not listens:
        inherited.detach()
        raise StorageError(f"{expected}, found another socket")
    inherited.setblocking(False)
    os.set_inheritable(descriptor, False)
    return inherited
