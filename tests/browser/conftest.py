"""A person at a browser: a real Chromium that looks at the dashboard of a real daemon."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from telemetryd.charts.browsers import NAMES
from tests.end_to_end.daemon import Daemon

from .tokens import file_of_tokens
from .visit import Visit
from .wal import Wal, send_history


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this folder; it ends before any other folder's tests need an event loop."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"expected one of {', '.join(NAMES)} on PATH, found none: scripts/test installs it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def node() -> Iterator[Daemon]:
    """A daemon with two hours of history, while a WAL goes on telling it of operations."""
    with _daemon() as daemon:
        daemon.start()
        send_history(daemon)
        with Wal(daemon.socket):
            yield daemon


@pytest.fixture
def idle_node() -> Iterator[Daemon]:
    """A daemon of the test's own, that is not started yet."""
    with _daemon() as daemon:
        yield daemon


@pytest.fixture
def quiet_node(idle_node: Daemon) -> Daemon:
    """A daemon of the test's own, that knows nothing yet."""
    idle_node.start()
    return idle_node


@pytest.fixture(scope="module")
def guarded_node() -> Iterator[Daemon]:
    """A daemon with data that lets nobody read without a token."""
    with _daemon() as daemon:
        daemon.start(TELEMETRYD_HTTP_TOKENS=file_of_tokens(daemon.folder))
        send_history(daemon)
        yield daemon


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open pages; when the test is over, each must have kept to its host and found no error."""
    visits: list[Visit] = []

    def open_page(url: str, **options: object) -> Visit:
        visits.append(Visit(browser, url, options))
        return visits[-1]

    yield open_page
    for each in visits:
        each.close()


@pytest.fixture(scope="package")
def axe() -> str:
    """The script of axe-core."""
    usual = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("TELEMETRYD_AXE", usual))
    assert path.is_file(), f"expected axe-core at {path}, found nothing: scripts/test installs it"
    return path.read_text()


@contextmanager
def _daemon() -> Iterator[Daemon]:
    # A Unix socket's path is at most 107 bytes long: pytest's own folders may be too deep.
    folder = Path(tempfile.mkdtemp(prefix="td-"))
    # A machine that is busy with other things draws and answers slowly.
    daemon = Daemon(folder, TELEMETRYD_CHARTS_TIMEOUT=110, TELEMETRYD_QUERY_TIMEOUT=110)
    try:
        yield daemon
    finally:
        daemon.end()
        sys.stdout.write(f"--- log of {daemon.folder}\n{daemon.log}\n")
        shutil.rmtree(folder, ignore_errors=True)
