"""What ``POST /config`` may change, and where that is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .config_sources import SETTINGS, Layer, stored_bytes
from .config_values import accepts, expectation, nearest
from .model.errors import InvalidParameter, StorageError
from .storage.files import Files, write_whole
from .storage.folder import Folder

# The keys of ``GET`` and ``POST /config``, in the order they are shown.
API_KEYS = (
    "enabled",
    "metrics_path",
    "retention_days",
    "sampling_interval",
    "enable_detailed_timing",
    "operation_hooks",
)
RESTART_KEYS = tuple(key for key in API_KEYS if not SETTINGS[f"telemetry.{key}"].live)
RESTART_WARNING = f"The following settings cannot be updated without restarting: {', '.join(RESTART_KEYS)}"
# How a path starts that means the same wherever the process was started.
ROOTS = ("/", "~/")


def checked(key: str, value: object) -> str:
    """Return the name of the setting that ``key`` changes; raises :class:`InvalidParameter` where key or value is wrong."""
    if key not in API_KEYS:
        raise InvalidParameter(key, f"one of {', '.join(API_KEYS)}{nearest(key, API_KEYS)}", key)
    setting = SETTINGS[name := f"telemetry.{key}"]
    if not accepts(setting, value):
        raise InvalidParameter(key, expectation(setting), value)
    if key == "metrics_path" and not _can_be_a_folder(value):
        raise InvalidParameter(key, "the path, from / or ~/ on, of a folder that can be written or made", value)
    return name


def store(files: Files, path: Path, layer: Layer) -> None:
    """Keep ``layer`` in the file at ``path``; raises :class:`StorageError` where that fails."""
    try:
        files.make_folder(str(path.parent))
        if files.is_folder(str(path)):
            # Someone else's: a file cannot take its place.
            Folder(files, str(path.parent)).quarantine(str(path))
        write_whole(files, str(path), stored_bytes(layer))
    except OSError as error:
        raise StorageError(f"settings: expected to store them in {path}, found {error.strerror or error}") from None


def _can_be_a_folder(path: Any) -> bool:
    """Whether the next start will get by with ``path``: one that it cannot use would keep the daemon, and so this API, down."""
    if not path.startswith(ROOTS):
        return False
    path = os.path.expanduser(path)
    while not os.path.lexists(path):
        path = os.path.dirname(path.rstrip("/"))
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)
