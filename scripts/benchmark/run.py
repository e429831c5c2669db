"""One run: its sizes, its folder, its cores, its progress, and measuring in alternation."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from .sizes import Sizes

_WIDTH = 24
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of what is measured, and the core of what makes its load; None where there is only one."""

    measured: int | None
    load: int | None

    @classmethod
    def of_this_machine(cls) -> Cores:
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], cores[1]) if len(cores) > 1 else cls(None, None)


@dataclass(frozen=True, slots=True)
class Run:
    """What every row is given; ``folder`` goes at the end, and ``stores`` with it."""

    sizes: Sizes
    folder: Path
    stores: Path
    cores: Cores
    step: Callable[[str, float], None]

    def within(self, begin: float, end: float) -> Run:
        """Return the same run, whose progress goes from ``begin`` to ``end`` of this one's."""
        return replace(self, step=lambda text, share: self.step(text, begin + share * (end - begin)))

    def alternate(self, rounds: int, contestants: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
        """Let each contestant have its turn in every round, the first of one being the last of the next."""
        found: dict[str, list[T]] = {name: [] for name in contestants}
        for number in range(rounds):
            turns = in_turn(list(contestants), number)
            for at, name in enumerate(turns):
                share = (number * len(turns) + at) / (rounds * len(turns))
                self.step(f"round {number + 1} of {rounds}: {name}", share)
                found[name].append(contestants[name]())
        return found


def in_turn(names: list[str], number: int) -> list[str]:
    """Return who comes when in a round: the first of one is the last of the next."""
    return names if number % 2 == 0 else names[::-1]


class Progress:
    """A bar over all rows on a terminal, a line for each row elsewhere."""

    def __init__(self, rows: Mapping[str, float]) -> None:
        self._weights = rows
        self._done = 0.0
        self._row = ""
        self._began = time.monotonic()

    def begin(self, row: str) -> None:
        """Go on to a row."""
        self._done += self._weights.get(self._row, 0.0)
        self._row = row
        self.step("", 0.0)
        if not sys.stderr.isatty():
            print(f"{time.monotonic() - self._began:5.0f} s  {row}", file=sys.stderr, flush=True)

    def step(self, text: str, share: float) -> None:
        """Tell what is being done, and how much of the row is behind it."""
        if not sys.stderr.isatty():
            return
        done = (self._done + share * self._weights[self._row]) / sum(self._weights.values())
        bar = "━" * round(done * _WIDTH) + "─" * (_WIDTH - round(done * _WIDTH))
        words = f"{self._row}: {text}" if text else self._row
        self._show(f"{bar} {done:4.0%} {time.monotonic() - self._began:4.0f} s  {words}")

    def end(self) -> None:
        """Leave the terminal as it was."""
        if sys.stderr.isatty():
            self._show("")
            print("\r", end="", file=sys.stderr, flush=True)

    def _show(self, text: str) -> None:
        columns = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:columns]:<{columns}}", end="", file=sys.stderr, flush=True)
