"""Files that hold secrets: read whole, and only where nobody else can read or change them."""

from __future__ import annotations

import os
import stat

from telemetryd.model.errors import SettingsError

# No file of tokens or keys is larger, in bytes.
LARGEST = 1 << 20
_OTHERS = stat.S_IRWXO | stat.S_IWGRP


def read_private(path: str, setting: str) -> bytes:
    """Return what the file of a setting holds; its group may read it, as that of a service does.

    Raises :class:`SettingsError` where it cannot be read, is no file, is very large, or is open to others.
    """
    try:
        # Of a pipe that nobody writes to, an open would never return.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise _refusal(setting, f"expected a file, found something else: {path}")
            if found.st_mode & _OTHERS:
                mode = stat.S_IMODE(found.st_mode)
                raise _refusal(
                    setting,
                    f"expected a file that only its owner changes and nobody else reads, found mode {mode:04o}: {path}",
                )
            if found.st_uid not in (0, os.geteuid()):
                raise _refusal(setting, f"expected a file of root or of the daemon's user, found another's: {path}")
            if found.st_size > LARGEST:
                raise _refusal(setting, f"expected a file of at most {LARGEST} bytes, found a larger one: {path}")
            return file.read(LARGEST + 1)
    except OSError as error:
        raise _refusal(setting, f"expected a file that can be read, found {path}: {error.strerror}") from None


def _refusal(setting: str, sentence: str) -> SettingsError:
    return SettingsError([f"{setting}: {sentence}"])
