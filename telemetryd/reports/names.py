"""Text that somebody else chose, kept apart from our own words until it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from telemetryd.model.series import SeriesKey


class Name(str):
    """The name of an operation type, a backend or an error: whoever wrote it may have meant anything by it."""

    __slots__ = ()


# A sentence in parts: our words, and names between them.
Parts: TypeAlias = tuple[str, ...]


def of_series(key: SeriesKey) -> Parts:
    """Return what a series is called in a sentence: ``add on ipfs``."""
    return (Name(key.operation_type), " on ", Name(key.backend))


def text(parts: Sequence[str]) -> str:
    """Return a sentence as plain text."""
    return "".join(parts)
