"""Files that settings name, as their readers want them: secrets only where nobody else can read or change them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import TypeAlias

from telemetryd.model.errors import NotForThisUser, SettingsError

from .small_file import read_small

_OTHERS = stat.S_IRWXO | stat.S_IWGRP

# What the file at a path holds, which a setting names; raises SettingsError.
Read: TypeAlias = Callable[[str, str], bytes]


def read_private(path: str, setting: str, *, of_anyone: bool = False) -> bytes:
    """Return what the file of a setting holds; its group may read it, as that of a service does.

    Raises :class:`SettingsError` where it cannot be read, is no file, is very large, or is open to others;
    :class:`NotForThisUser` where another user might get on with it: it may not be read, or is somebody else's,
    which ``of_anyone`` lets pass.
    """

    def accept(found: os.stat_result) -> None:
        if found.st_mode & _OTHERS:
            mode = stat.S_IMODE(found.st_mode)
            raise ValueError(
                f"expected a file that only its owner changes and nobody else reads, found mode {mode:04o}: {path}"
            )
        if not of_anyone and found.st_uid not in (0, os.geteuid()):
            raise NotForThisUser(
                [f"{setting}: expected a file of root or of the daemon's user, found another's: {path}"]
            )

    return _read(path, setting, accept)


def read_public(path: str, setting: str) -> bytes:
    """Return what the file of a setting holds, whoever else may read it; raises as :func:`read_private`."""
    return _read(path, setting, lambda found: None)


def _read(path: str, setting: str, accept: Callable[[os.stat_result], None]) -> bytes:
    try:
        return read_small(path, accept)
    except PermissionError as error:
        raise NotForThisUser([_unreadable(path, setting, error)]) from None
    except OSError as error:
        raise SettingsError([_unreadable(path, setting, error)]) from None
    except ValueError as error:
        raise SettingsError([f"{setting}: {error}"]) from None


def _unreadable(path: str, setting: str, error: OSError) -> str:
    return f"{setting}: expected a file that can be read, found {path}: {error.strerror}"
