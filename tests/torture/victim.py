"""The daemon as it is, but on a disk that fails by chance; its first argument is how often a spell of failures begins.

A spell lasts for some calls in a row, as a disk that is full or ill for a moment does. Only what
changes the disk fails: a read that fails sets the file aside, which is another promise.
"""

from __future__ import annotations

import errno
import os
import sys
from random import Random

import telemetryd.daemon
from telemetryd.cli import main as command_line
from tests.disk.faults import CHANGES, FailingFiles, Faults

ERRORS = (errno.EIO, errno.ENOSPC)
LONGEST_SPELL = 20


class Spells(Faults):
    """Failures by chance: each call that changes the disk may begin a spell of them."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self._random = Random()
        self._chance = chance
        self._left = 0
        self._error = errno.EIO

    def pass_by(self, verb: str, path: str) -> None:
        if verb not in CHANGES:
            return
        if not self._left and self._random.random() < self._chance:
            self._left = self._random.randint(1, LONGEST_SPELL)
            self._error = self._random.choice(ERRORS)
        if self._left:
            self._left -= 1
            # Counted where the campaign finds it, whatever becomes of this process.
            os.write(_TALLY, b"!")
            raise OSError(self._error, os.strerror(self._error), path)


_TALLY = os.open(os.environ["TORTURE_FAULTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)


if __name__ == "__main__":
    chance = float(sys.argv.pop(1))
    telemetryd.daemon.Files = lambda: FailingFiles(faults=Spells(chance))  # type: ignore[assignment,misc]
    sys.exit(command_line())
