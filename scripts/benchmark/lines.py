"""Lines of the table: what was measured by round, against whom, and which goal it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the median of our own figure, or, where ``of_ratio``, of the ratio."""

    bound: float
    at_least: bool
    of_ratio: bool

    def is_met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {shown(self.bound)}{' ×' if self.of_ratio else ''}"


def times(bound: float) -> Goal:
    """Be so many times better than the other."""
    return Goal(bound, at_least=True, of_ratio=True)


def at_least(bound: float) -> Goal:
    """Reach a figure."""
    return Goal(bound, at_least=True, of_ratio=False)


def at_most(bound: float) -> Goal:
    """Stay below a figure."""
    return Goal(bound, at_least=False, of_ratio=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: our figures and theirs, a pair for each round; ``missing`` says why there are none.

    A ratio above 1 means that telemetryd is better: it takes less or, where ``more_is_better``, does more.
    """

    what: str
    unit: str
    ours: Sequence[float]
    against: str = ""
    theirs: Sequence[float] = ()
    goal: Goal | None = None
    more_is_better: bool = False
    missing: str = ""

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.ours, self.theirs, strict=False)
        return [mine / other if self.more_is_better else other / mine for mine, other in pairs]

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing to tell it by."""
        if self.goal is None:
            return None
        values = self.ratios if self.goal.of_ratio else list(self.ours)
        return self.goal.is_met_by(median(values)) if values else None

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": list(self.ours),
            "against": self.against,
            "theirs": list(self.theirs),
            "ratios": self.ratios,
            "goal": None if self.goal is None else str(self.goal),
            "met": self.met,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """All that a row has to tell: its lines, further text in Markdown, and pictures that draw themselves into a folder."""

    lines: Sequence[Line]
    text: str = ""
    draw: Callable[[Any], None] | None = field(default=None, compare=False)


def shown(value: float) -> str:
    """Return a number as people read it: three digits that say something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 0.995 or value % 1 else f"{value:.0f}"


def middle(values: Sequence[float]) -> str:
    """Return the median of several rounds."""
    return shown(median(values)) if values else "–"


def spread(values: Sequence[float]) -> str:
    """Return the least and the most of several rounds, where there are several."""
    return f"{shown(min(values))} to {shown(max(values))}" if len(values) > 1 else ""
