"""The key of a series of operations."""

from __future__ import annotations

from typing import NamedTuple


class SeriesKey(NamedTuple):
    """One operation type on one backend: what every metric but health is kept by."""

    operation_type: str
    backend: str

    def __str__(self) -> str:
        return f"{self.operation_type}:{self.backend}"
