"""A small store with a file of every kind, to examine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.end_to_end.small_store import build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("examined") / "store"
    asyncio.run(build(path))
    return path


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Path:
    """A copy of it, to do anything to."""
    return Path(shutil.copytree(built, tmp_path / "store"))


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def folder(files: Files, tmp_path: Path) -> Iterator[Folder]:
    with Folder(files, str(tmp_path / "telemetry")).locked() as folder:
        yield folder
