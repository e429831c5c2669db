"""What the process uses of the machine, as getrusage(2) and proc(5) tell it."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import NamedTuple, Self

_SELF = Path("/proc/self")
# Of the numbers in /proc/self/statm, in pages.
_VIRTUAL, _RESIDENT = 0, 1


class Resources(NamedTuple):
    """Processor time (s), memory and address space (bytes), file descriptors open and allowed (None: any number)."""

    cpu: float
    resident: int
    virtual: int
    open_files: int
    max_files: int | None

    @classmethod
    def used(cls) -> Self:
        """Return what this process uses now."""
        pages = [int(each) for each in (_SELF / "statm").read_text().split()]
        page = os.sysconf("SC_PAGE_SIZE")
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return cls(
            used.ru_utime + used.ru_stime,
            pages[_RESIDENT] * page,
            pages[_VIRTUAL] * page,
            len(os.listdir(_SELF / "fd")),
            None if limit == resource.RLIM_INFINITY else limit,
        )
