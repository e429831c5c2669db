"""Daemons for tests: each a real process, below a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .daemon import Daemon


@pytest.fixture
def new_daemon(short_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Make daemons that are not started yet; their logs are shown where the test fails."""
    made: list[Daemon] = []

    def make(**settings: object) -> Daemon:
        folder = short_path / str(len(made))
        folder.mkdir()
        made.append(Daemon(folder, **settings))
        return made[-1]

    yield make
    for daemon in made:
        daemon.end()
        sys.stdout.write(f"--- log of {daemon.folder}\n{daemon.log}\n")


@pytest.fixture
def daemon(new_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that is ready, with default settings."""
    made = new_daemon()
    made.start()
    return made
