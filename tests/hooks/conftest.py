"""Fixtures for the hooks: a daemon that follows a script, emitters that are closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetryd.hooks import Emitter

from .scripted_daemon import ScriptedDaemon


@pytest.fixture
def stopped_daemon(short_path: Path) -> Iterator[ScriptedDaemon]:
    daemon = ScriptedDaemon(str(short_path / "ingest.sock"))
    yield daemon
    daemon.readable.set()
    daemon.stop()


@pytest.fixture
def daemon(stopped_daemon: ScriptedDaemon) -> ScriptedDaemon:
    stopped_daemon.start()
    return stopped_daemon


@pytest.fixture
def new_emitter(stopped_daemon: ScriptedDaemon) -> Iterator[Callable[..., Emitter]]:
    made: list[Emitter] = []

    def make(**arguments: Any) -> Emitter:
        made.append(Emitter(stopped_daemon.path, **arguments))
        return made[-1]

    yield make
    for emitter in made:
        emitter.close(0)


@pytest.fixture
def emitter(new_emitter: Callable[..., Emitter]) -> Emitter:
    return new_emitter(producer="wal")
