"""A folder of parts, and stores that hold a history in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from telemetryd.storage.folder import Folder

from .store import Events, Store, Unsynced

settings.register_profile("fewer", settings.get_profile("unhurried"), max_examples=50)
settings.load_profile("fewer")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Folder(Unsynced(), str(tmp_path / "telemetry")).locked() as folder:
        yield folder


@pytest.fixture
def store_of(folder: Folder) -> Callable[[Events], Store]:
    """Make a store that knows some events, none of them in memory or on disk yet."""
    return lambda events: Store(folder, events)
