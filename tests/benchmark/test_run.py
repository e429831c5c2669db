"""Measuring in alternation."""

from __future__ import annotations

from pathlib import Path

from benchmark.run import Cores, Run
from benchmark.sizes import TINY


def test_alternation() -> None:
    """The first of a round is the last of the next, and each round has a figure of each."""
    turns: list[str] = []
    told: list[float] = []
    run = Run(TINY, Path(), Path(), Cores(None, None), lambda text, share: told.append(share))
    found = run.within(0.5, 1).alternate(2, {name: lambda name=name: turns.append(name) for name in "abc"})
    assert "".join(turns) == "abccba"
    assert {name: len(rounds) for name, rounds in found.items()} == {"a": 2, "b": 2, "c": 2}
    assert told == sorted(told) and told[0] == 0.5 and told[-1] < 1
