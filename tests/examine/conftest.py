"""A folder to make segments in, beside the small store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def folder(files: Files, tmp_path: Path) -> Iterator[Folder]:
    with Folder(files, str(tmp_path / "telemetry")).locked() as folder:
        yield folder
