"""Daemons that somebody wants to get into; docs/security.md names the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import daemon, new_daemon, new_shared_daemon, shared_daemon
from tests.end_to_end.daemon import Daemon

__all__ = ["daemon", "new_daemon", "new_shared_daemon", "shared_daemon"]

READER, OPERATOR = "a-token-to-read-with", "a-token-for-the-operator"


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def tokens_in(folder: Path, *lines: str) -> Path:
    """Write a file of tokens, of a reader and an operator unless other lines are given."""
    path = folder / "tokens"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines or (f"read reader {READER}", f"admin operator {OPERATOR}")) + "\n")
    return path


@pytest.fixture(scope="module")
def guarded(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that asks for tokens, for the tests of a module that take nothing from one another."""
    made = new_shared_daemon()
    made.start(TELEMETRYD_HTTP_TOKENS=tokens_in(made.folder))
    return made
