"""What every test can ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telemetryd.config import Configuration, load


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose path is short enough for a Unix socket (107 bytes), removed after the test."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="td-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def configure(short_path: Path) -> Callable[..., Configuration]:
    """Return a configuration below a folder of the test's own, changed by environment variables."""

    def make(**environ: str) -> Configuration:
        flags = {
            "ingest.socket": ("--socket", str(short_path / "s")),
            "http.listen": ("--http", "127.0.0.1:0"),
            "telemetry.metrics_path": ("--metrics-path", str(short_path / "m")),
        }
        return load(flags, {"HOME": str(short_path), **environ})

    return make
