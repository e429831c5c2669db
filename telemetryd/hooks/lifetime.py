"""What befalls a process and so its emitters: it forks, and it ends."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from typing import Protocol

# All emitters of a process together may keep it so long from ending, in s.
EXIT_TIMEOUT = 2.0


class Mortal(Protocol):
    """What is told of forks and of the end."""

    def renew(self) -> None:
        """This is the child of a fork: nothing of the parent's thread, connection or buffer is here."""

    def end(self, timeout: float) -> None:
        """The process ends: send what is left, where the daemon can be reached, or keep it for the next one."""


_mortals: weakref.WeakSet[Mortal] = weakref.WeakSet()


def look_after(mortal: Mortal) -> None:
    """Tell ``mortal`` of forks and of the end, for as long as it lives."""
    _mortals.add(mortal)


def _forked() -> None:
    for mortal in list(_mortals):
        mortal.renew()


def _ending() -> None:
    deadline = time.monotonic() + EXIT_TIMEOUT
    for mortal in list(_mortals):
        mortal.end(max(0.0, deadline - time.monotonic()))


os.register_at_fork(after_in_child=_forked)
atexit.register(_ending)
