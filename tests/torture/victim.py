"""The daemon as it is, but on a disk that fails by chance; its first argument is how often a spell of failures begins.

A spell lasts for some calls in a row, as a disk that is full or ill for a moment does. Only what
changes the disk fails: a read that fails sets the file aside, which is another promise.
"""

from __future__ import annotations

import errno
import os
import sys
from random import Random

from tests.disk.faults import CHANGES, FailingFiles, Faults
from tests.end_to_end.serving import serve

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


_TALLY = os.open(os.environ["TORTURE_FAULTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[2:], FailingFiles(faults=Spells(float(sys.argv[1])))))
