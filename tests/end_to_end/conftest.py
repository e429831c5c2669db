"""Daemons for tests: each a real process, below a folder of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .daemon import Daemon


@pytest.fixture
def new_daemon() -> Iterator[Callable[..., Daemon]]:
    """Make daemons that are not started yet; their logs are shown where the test fails."""
    with _daemons() as make:
        yield make


@pytest.fixture
def daemon(new_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that is ready, with default settings."""
    made = new_daemon()
    made.start()
    return made


@pytest.fixture(scope="module")
def new_shared_daemon() -> Iterator[Callable[..., Daemon]]:
    """Make daemons that are not started yet and live as long as the module's tests run."""
    with _daemons() as make:
        yield make


@pytest.fixture(scope="module")
def shared_daemon(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that is ready, for the tests of a module that keep out of one another's way."""
    made = new_shared_daemon()
    made.start()
    return made


@contextmanager
def _daemons() -> Iterator[Callable[..., Daemon]]:
    made: list[Daemon] = []
    # A Unix socket's path is at most 107 bytes long: pytest's own folders may be too deep.
    folder = Path(tempfile.mkdtemp(prefix="td-"))

    def make(**settings: object) -> Daemon:
        below = folder / str(len(made))
        below.mkdir()
        made.append(Daemon(below, **settings))
        return made[-1]

    try:
        yield make
    finally:
        for daemon in made:
            daemon.end()
            sys.stdout.write(f"--- log of {daemon.folder}\n{daemon.log}\n")
        shutil.rmtree(folder, ignore_errors=True)
