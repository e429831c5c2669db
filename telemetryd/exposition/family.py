"""A metric family: its name, its type, its help, and the shape of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["counter", "gauge", "histogram", "info", "unknown"]

# The suffix that the name of a unit is, where it is the last word of a family's name.
_UNITS = ("seconds", "bytes")


class Spread(NamedTuple):
    """A label whose values are known words: each row of the family has one line for each of them."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """What is told under one name.

    ``name`` is without the suffix that its type asks for (``_total`` of a counter, ``_info`` of an info).
    ``labels`` are those that tell its rows apart; a ``spread`` makes several lines of each row; ``bounds`` are
    the upper ones of a histogram's buckets, in the family's unit, without the infinite one.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    spread: Spread | None = None
    bounds: tuple[float, ...] = ()

    @property
    def unit(self) -> str:
        """The unit that the name ends with, or nothing."""
        word = self.name.rpartition("_")[2]
        return word if word in _UNITS else ""

    @property
    def sample_name(self) -> str:
        """The name of its samples, of a histogram without what they add to it."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.kind, "")

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The labels of its samples."""
        return self.labels if self.spread is None else (*self.labels, self.spread.label)


class Rows(NamedTuple):
    """What a family has to tell.

    ``labels`` is the text between the braces, one a row, and empty of a family without labels.
    ``columns`` has for each line of a row a sequence over the rows: of a spread in the order of its words, of a
    histogram the cumulated counts by bucket, the infinite one last, then the sum. None of it may be NaN or infinite.
    """

    labels: Sequence[str]
    columns: Sequence[Sequence[int | float | str]]
