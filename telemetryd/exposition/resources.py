"""What the process uses of the machine, as getrusage(2) and proc(5) tell it."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

T = TypeVar("T")

_SELF = Path("/proc/self")
_SYSTEM = Path("/proc/stat")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Of the numbers in /proc/self/statm.
_VIRTUAL, _RESIDENT = 0, 1
# Of those behind the name in /proc/self/stat: in clock ticks since the system was started.
_START = 19


class Resources(NamedTuple):
    """Processor time (s), memory and address space (bytes), file descriptors open and allowed, and the start (Unix s).

    None is what the system does not tell: a scrape is most needed where descriptors run out. It is also a
    limit that is none.
    """

    cpu: float
    resident: int | None
    virtual: int | None
    open_files: int | None
    max_files: int | None
    started: float | None

    @classmethod
    def used(cls) -> Self:
        """Return what this process uses now."""
        memory = _told(lambda: [int(each) * _PAGE for each in (_SELF / "statm").read_text().split()])
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return cls(
            used.ru_utime + used.ru_stime,
            None if memory is None else memory[_RESIDENT],
            None if memory is None else memory[_VIRTUAL],
            _told(lambda: len(os.listdir(_SELF / "fd"))),
            None if limit == resource.RLIM_INFINITY else limit,
            _told(_started),
        )


def _started() -> float:
    # The name of the program is in parentheses, and may hold anything.
    fields = (_SELF / "stat").read_text().rpartition(")")[2].split()
    booted = next(line for line in _SYSTEM.read_text().splitlines() if line.startswith("btime "))
    return int(booted.split()[1]) + int(fields[_START]) / os.sysconf("SC_CLK_TCK")


def _told(ask: Callable[[], T]) -> T | None:
    with contextlib.suppress(OSError):
        return ask()
    return None
