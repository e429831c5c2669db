"""A metrics folder, a clock that a test moves, and the intake over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from telemetryd.instrumentation import Instrumentation
from telemetryd.storage.folder import Folder
from tests.disk.faults import PLENTY, FailingFiles
from tests.disk.memory import in_memory

from .intake import Clock, Intake, Quiet


@pytest.fixture
def instrumentation() -> Instrumentation:
    return Instrumentation(Quiet())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def disk() -> FailingFiles:
    return FailingFiles(PLENTY)


@pytest.fixture
def folder(disk: FailingFiles) -> Iterator[Folder]:
    with in_memory() as path, Folder(disk, str(path / "telemetry")).locked() as folder:
        yield folder


@pytest.fixture
async def intake(
    disk: FailingFiles, folder: Folder, clock: Clock, instrumentation: Instrumentation
) -> AsyncIterator[Intake]:
    """An intake that is not started; whatever runs of it at the end of the test is cancelled."""
    intake = Intake(disk, folder, clock, instrumentation)
    yield intake
    disk.good = PLENTY
    await intake.crash()
