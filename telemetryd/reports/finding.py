"""One finding: a heading and a few sentences, and how much they matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .names import Parts
from .tiles import FROM_NONE, LEVEL, UP, Change

# What an operator has to look at, what may need a look, what is as it should be, what is only to be known.
Weight: TypeAlias = Literal["bad", "warn", "good", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A heading and a few sentences, in parts."""

    weight: Weight
    title: Parts
    says: Parts


def beside(change: Change | None, period: str) -> str:
    """Return how a figure compares with that of ``period``, to go on a sentence; empty where it does not."""
    if change is None:
        return ""
    if change.direction == LEVEL:
        return f", the same as in {period}"
    if change.size == FROM_NONE:
        return f", against none in {period}"
    if change.size.endswith("times"):
        return f", {change.size} the {change.before} of {period}"
    return f", {change.size} {'more' if change.direction == UP else 'less'} than in {period} ({change.before})"
