"""Where the daemon listens, and what this process calls itself there."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping


def ingest_socket(environ: Mapping[str, str]) -> str:
    """Return the path of the ingest socket, by the rule that the daemon's setting ``ingest.socket`` has."""
    given = environ.get("TELEMETRYD_INGEST_SOCKET")
    if given:
        return os.path.abspath(os.path.expanduser(given))
    runtime = environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/telemetryd/ingest.sock" if runtime else os.path.expanduser("~/.ipfs_kit/telemetryd.sock")


def producer_name() -> str:
    """Return a name that no other start of any process has: batches are numbered by it."""
    return f"{socket.gethostname()[:64]}-{os.getpid()}-{secrets.token_hex(4)}"
