"""Nodes for tests: the shipped units under a systemd of their own where one can run, else what they run under a parent."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .parent import Parent
from .private_systemd import NoSystemd
from .unit import Unit


@contextmanager
def _scratch() -> Iterator[Path]:
    # Short, for sockets, and open to the daemon's user.
    folder = Path(tempfile.mkdtemp(prefix="td-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def booted() -> Iterator[Unit | NoSystemd]:
    """The daemon's unit on a node that the tests of a module share, started; or why there is none."""
    with _scratch() as scratch:
        try:
            unit = Unit(scratch)
        except NoSystemd as reason:
            yield reason
            return
        try:
            unit.start()
            yield unit
            sys.stdout.write(unit.systemd.run("journalctl", "--output=cat", "--unit=telemetryd*"))
        finally:
            sys.stdout.write(unit.systemd.log)
            unit.end()


@pytest.fixture
def parent() -> Iterator[Parent]:
    """A parent whose daemon has been started."""
    with _scratch() as scratch:
        made = Parent(scratch)
        try:
            made.start()
            yield made
        finally:
            sys.stdout.write(made.daemon.log)
            made.end()


@pytest.fixture(params=["under systemd", "under a parent"])
def node(request: pytest.FixtureRequest) -> Unit | Parent:
    """Both, one after the other; where no systemd can run, a parent takes its place."""
    if request.param == "under systemd":
        unit: Unit | NoSystemd = request.getfixturevalue("booted")
        if isinstance(unit, Unit):
            return unit
        sys.stdout.write(f"no systemd of our own runs here: {unit}\n")
    parent: Parent = request.getfixturevalue("parent")
    return parent


@pytest.fixture
def unit(booted: Unit | NoSystemd) -> Unit:
    """The unit; what only systemd does cannot be seen where none can run."""
    if isinstance(booted, NoSystemd):
        pytest.skip(f"no systemd of our own runs here: {booted}")
    return booted
