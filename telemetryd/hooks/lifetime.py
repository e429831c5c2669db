"""What befalls a process and so its emitters: it forks, and it ends."""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Protocol

# All emitters of a process together may keep it so long from ending, in s.
EXIT_TIMEOUT = 2.0


class Mortal(Protocol):
    """What is told of forks and of the end."""

    def renew(self) -> None:
        """This is the child of a fork: nothing of the parent's thread, connection or buffer is here."""

    def end(self, timeout: float) -> None:
        """The process ends: send what is left, where the daemon can be reached, or keep it for the next one."""


class Leaver(Protocol):
    """What goes on for a while after nobody needs it any more."""

    @property
    def started(self) -> bool:
        """Whether it still goes on."""

    def see_out(self, timeout: float) -> None:
        """Wait for its end, unless it cannot get anywhere."""


_mortals: weakref.WeakSet[Mortal] = weakref.WeakSet()
_leavers: list[Leaver] = []
_told: list[ModuleType] = []


def look_after(mortal: Mortal) -> None:
    """Tell ``mortal`` of forks and of the end, for as long as it lives."""
    _mortals.add(mortal)
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        _end_as_multiprocessing_does(_ending)


def see_off(leaver: Leaver) -> None:
    """Let the end of the process wait for ``leaver``, as long as for everything else."""
    _leavers[:] = [each for each in _leavers if each.started]
    _leavers.append(leaver)


def _about_to_fork() -> None:
    """Be told by multiprocessing, where it is in use, that a child of its own begins: it may forget what it knew before."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and util not in _told:
        _told.append(util)
        util.register_after_fork(_ending, _end_as_multiprocessing_does)


def _end_as_multiprocessing_does(ending: Callable[[], None]) -> None:
    """Children of multiprocessing end without ``atexit``, but by a list of their own."""
    sys.modules["multiprocessing.util"].Finalize(None, ending, exitpriority=0)


def _forked() -> None:
    _leavers.clear()
    for mortal in list(_mortals):
        mortal.renew()


def _ending() -> None:
    deadline = time.monotonic() + EXIT_TIMEOUT
    for mortal in list(_mortals):
        mortal.end(max(0.0, deadline - time.monotonic()))
    for leaver in _leavers:
        leaver.see_out(max(0.0, deadline - time.monotonic()))


os.register_at_fork(before=_about_to_fork, after_in_child=_forked)
atexit.register(_ending)
