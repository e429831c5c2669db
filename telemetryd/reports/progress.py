"""The steps of making a report, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from telemetryd.model.metrics import METRIC_TYPES

State: TypeAlias = Literal["done", "now", "next"]

SAMPLES, TOTALS, BEFORE, HEALTH, OPERATIONS, DRAWING, WRITING = range(7)
# What each step does, and how many parts of the whole work it is.
_STEPS = MappingProxyType(
    {
        SAMPLES: ("Reading the samples of all metrics", 2),
        TOTALS: ("Adding up the whole range", 1),
        BEFORE: ("Reading the period before", 2),
        HEALTH: ("Reading the health of the backends", 1),
        OPERATIONS: ("Looking for slow and failed operations", 2),
        DRAWING: ("Drawing the charts", len(METRIC_TYPES)),
        WRITING: ("Writing the report", 1),
    }
)
_ALL = sum(parts for _, parts in _STEPS.values())
WAITING = "Waiting for its turn"


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as a page shows it."""

    says: str
    state: State


class Progress:
    """Counts the parts that are done; steps may overlap."""

    def __init__(self) -> None:
        self._done: dict[int, int] = {}

    def begin(self, step: int) -> None:
        """A step is at work."""
        self._done.setdefault(step, 0)

    def advance(self, step: int) -> None:
        """One more part of a step is done."""
        self._done[step] = min(self._done.get(step, 0) + 1, _STEPS[step][1])

    def finish(self, step: int) -> None:
        """All of a step is done."""
        self._done[step] = _STEPS[step][1]

    @property
    def fraction(self) -> float:
        """Return how much of the work is done, 0 to 1."""
        return sum(self._done.values()) / _ALL

    @property
    def step(self) -> str:
        """Return what is done just now."""
        at_work = [each for each in self.steps() if each.state == "now"]
        return at_work[-1].says if at_work else WAITING

    def steps(self) -> list[ShownStep]:
        """Return all steps, in order."""
        return [ShownStep(self._says(step), self._state(step)) for step in _STEPS]

    def _state(self, step: int) -> State:
        done = self._done.get(step)
        return "next" if done is None else "done" if done == _STEPS[step][1] else "now"

    def _says(self, step: int) -> str:
        says, parts = _STEPS[step]
        done = self._done.get(step, 0)
        return f"{says} ({done} of {parts})" if step == DRAWING and 0 < done < parts else says
