"""What every test can ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from telemetryd.config import Configuration, load

# How hypothesis searches: not by the clock, for the machine may be busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


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


@pytest.fixture(scope="session")
def built_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small store with a file of every kind, for all tests: not to be touched."""
    import asyncio

    from tests.end_to_end.small_store import build

    path = tmp_path_factory.mktemp("built") / "store"
    asyncio.run(build(path))
    return path


@pytest.fixture
def store(built_store: Path, tmp_path: Path) -> Path:
    """A copy of it, to do anything to."""
    import shutil

    return Path(shutil.copytree(built_store, tmp_path / "store"))
