"""A metrics folder, a clock that a test moves, and the parts of the intake over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from telemetryd.instrumentation import Instrumentation
from telemetryd.model.settings import Settings
from telemetryd.storage.folder import Folder

from .intake import Clock, Disk, Quiet, Store


@pytest.fixture
def instrumentation() -> Instrumentation:
    return Instrumentation(Quiet())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def folder(disk: Disk, tmp_path: Path) -> Iterator[Folder]:
    with Folder(disk, str(tmp_path / "telemetry")).locked() as folder:
        yield folder


@pytest.fixture
def settings() -> Settings:
    return replace(Settings())


@pytest.fixture
def store(disk: Disk, folder: Folder, clock: Clock, instrumentation: Instrumentation) -> Store:
    return Store(disk, folder, clock, instrumentation)
