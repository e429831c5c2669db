"""The programs that telemetryd works with, as they are on PyPI: ipfs_kit_py's WALs, its telemetry clients and command lines.

Importing ``ipfs_kit_py`` itself downloads binaries, so only the modules below it are imported,
under a stand-in for the package that has its path and nothing else.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from types import ModuleType

PACKAGE = "ipfs_kit_py"
INSTALL = "pip install --no-deps ipfs_kit_py==0.3.0 requests"


def storage_wal() -> ModuleType:
    """Return the module of ``StorageWriteAheadLog`` and ``BackendHealthMonitor``."""
    return _submodule("storage_wal")


def wal() -> ModuleType:
    """Return the module of ``WAL``."""
    return _submodule("wal")


def wal_telemetry_client() -> ModuleType:
    """Return the module of ``WALTelemetryClient``."""
    return _submodule("wal_telemetry_client")


def wal_telemetry_cli() -> ModuleType:
    """Return the module of the command line that uses it."""
    return _submodule("wal_telemetry_cli")


def wal_telemetry_client_anyio() -> ModuleType:
    """Return the module of ``WALTelemetryClientAnyIO``."""
    return _submodule("wal_telemetry_client_anyio")


def wal_telemetry_cli_anyio() -> ModuleType:
    """Return the module of the command line that uses that."""
    return _submodule("wal_telemetry_cli_anyio")


def wal_telemetry() -> ModuleType:
    """Return the module of ``WALTelemetry``, the telemetry inside of the WAL's process."""
    return _submodule("wal_telemetry")


def _submodule(name: str) -> ModuleType:
    if PACKAGE not in sys.modules:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.submodule_search_locations is None:
            raise ModuleNotFoundError(f"these tests drive the real {PACKAGE}, which is not installed: {INSTALL}")
        stand_in = ModuleType(PACKAGE)
        stand_in.__path__ = list(found.submodule_search_locations)
        sys.modules[PACKAGE] = stand_in
        # It logs several lines for each operation.
        logging.getLogger(PACKAGE).setLevel(logging.CRITICAL)
    return importlib.import_module(f"{PACKAGE}.{name}")
