"""A session of processes, as the kernel keeps it: who is in it, what memory it takes, and its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_DEAD = ("Z", "X")
_BETWEEN_LOOKS = 0.01
_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Member:
    """A process of a session."""

    pid: int
    state: str
    parent: int
    group: int

    @property
    def alive(self) -> bool:
        return self.state not in _DEAD


class Session:
    """All processes that a process has started, and those have started, since it became a session of its own.

    ``leader`` is its id, which no other process gets while one of them is there.
    """

    def __init__(self, leader: int, proc: str = "/proc") -> None:
        self.leader = leader
        self._proc = proc

    def members(self) -> list[Member]:
        """Return who is in it now, dead ones that nobody has asked after included."""
        found = []
        for name in os.listdir(self._proc):
            # What has gone since the list was made cannot be read.
            with suppress(OSError):
                if name.isdigit() and (member := self._member(name)):
                    found.append(member)
        return found

    def memory(self) -> int:
        """Return the bytes of memory it takes: its own, and its part of what several processes share."""
        return sum(self._memory(member.pid) for member in self.members())

    def kill(self, spare: int = 0) -> bool:
        """Kill everybody but ``spare``, and return whether there was anybody alive.

        By their groups: a process in a sandbox may be hidden from us, its group's leader is not.
        """
        alive = [member for member in self.members() if member.alive and member.pid != spare]
        for group in {member.group for member in alive} - {spare}:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        for member in alive:
            with suppress(OSError):
                os.kill(member.pid, signal.SIGKILL)
        return bool(alive)

    def end(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> bool:
        """Kill everybody, and return once nobody is left, or False where that takes longer than ``seconds``."""
        deadline = clock() + seconds
        while self.kill():
            if clock() > deadline:
                return False
            time.sleep(_BETWEEN_LOOKS)
        self._bury()
        return True

    def _member(self, name: str) -> Member | None:
        with open(f"{self._proc}/{name}/stat", "rb") as stat:
            # The name of the program is in parentheses, and may hold some of its own.
            state, parent, group, session = stat.read().rpartition(b")")[2].split()[:4]
        if int(session) != self.leader:
            return None
        return Member(int(name), state.decode(), int(parent), int(group))

    def _memory(self, pid: int) -> int:
        with suppress(OSError), open(f"{self._proc}/{pid}/smaps_rollup", "rb") as rollup:
            return sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith(b"Pss:"))
        # A process in a sandbox shows only its sizes.
        with suppress(OSError), open(f"{self._proc}/{pid}/statm", "rb") as statm:
            _, resident, shared = statm.read().split()[:3]
            return (int(resident) - int(shared)) * _PAGE
        return 0

    def _bury(self) -> None:
        # Orphans become children of the first process of a container, which may well be this one.
        for member in self.members():
            if member.parent == os.getpid() and member.pid != self.leader:
                with suppress(OSError):
                    os.waitpid(member.pid, os.WNOHANG)
