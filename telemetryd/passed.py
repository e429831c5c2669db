"""Which listening sockets systemd says that it has passed to this process, before any of them is touched."""

from __future__ import annotations

import os
from collections.abc import Mapping

from telemetryd.model.errors import StorageError

INGEST, HTTP = "ingest", "http"


def names_passed(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of ``LISTEN_FDNAMES`` in their order, none where nothing was passed; a single one of another name is that of ingest.

    Raises :class:`StorageError` where another thing was passed.
    """
    count = environment.get("LISTEN_FDS", "0")
    if environment.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or int(count) < 1:
        return ()
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    if int(count) == 1 and names[0] not in (INGEST, HTTP):
        # Of a unit without FileDescriptorName= the name is its own.
        names = [INGEST]
    if len(names) != int(count) or len(set(names)) < len(names) or not set(names) <= {INGEST, HTTP}:
        raise StorageError(
            f"LISTEN_FDNAMES: expected {INGEST} and {HTTP}, each once, for {count} sockets, found {':'.join(names)!r}"
        )
    return tuple(names)


def passes_ingest(environment: Mapping[str, str]) -> bool:
    """Whether the ingest socket was passed."""
    try:
        return INGEST in names_passed(environment)
    except StorageError:
        # The daemon will say so.
        return False
