"""Bounded tables of names: what is seen for the first time beyond the limit is ``other``."""

from __future__ import annotations

from collections.abc import Iterable

from telemetryd.model.events import OTHER, UNKNOWN
from telemetryd.model.series import SeriesKey


class Words:
    """Names with their codes, in order of first sight; beyond ``limit`` a new name is ``other``.

    ``names`` only ever grows, so a code stays true for as long as the table lives.
    """

    def __init__(self, limit: int, names: Iterable[str] = ("",)) -> None:
        self.names = list(names)
        self._limit = limit
        self._codes = {name: code for code, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._codes

    @property
    def full(self) -> bool:
        return len(self.names) >= self._limit

    def code(self, name: str) -> int:
        """Return the code of ``name``, or that of ``other`` where the table is full."""
        code = self._codes.get(name)
        return code if code is not None else self.add(OTHER if self.full else name)

    def add(self, name: str) -> int:
        """Return the code of ``name``, which gets one whatever the limit is."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code


class SeriesTable:
    """The pairs of operation type and backend that are kept apart, each with a running number.

    ``keys``, ``type_code``, ``backend_code``, ``first_seen`` (Unix s; inf where nothing was seen) and
    ``in_flight`` (operations pending, processing and retrying) are columns by that number;
    ``numbers`` has the number of each pair that was told of.
    Number 0 is ``unknown:unknown``. Beyond ``max_series`` pairs a new one is ``other`` on its
    backend; beyond ``max_backends`` backends a new one is ``other`` too. So there are at most
    ``max_series + max_backends + 2`` series.
    """

    UNKNOWN = 0

    def __init__(self, max_series: int, max_backends: int) -> None:
        self._max_series = max_series
        # Two more of each: the empty name, and `other`. Types are bounded by the pairs.
        self.operation_types = Words(max_series + 3)
        self.backends = Words(max_backends + 2)
        self.keys: list[SeriesKey] = []
        self.type_code: list[int] = []
        self.backend_code: list[int] = []
        self.first_seen: list[float] = []
        self.in_flight: list[list[int]] = []
        self.folded = 0
        self.numbers: dict[tuple[str, str], int] = {}
        self._add(UNKNOWN, UNKNOWN)

    def __len__(self) -> int:
        return len(self.keys)

    def number(self, operation_type: str, backend: str) -> int:
        """Return the number of a pair's series, new or known; ``folded`` counts what fell into ``other``."""
        number = self.numbers.get((operation_type, backend))
        return number if number is not None else self._first_sight(operation_type, backend)

    def saw(self, number: int, timestamp: float) -> None:
        """Remember ``timestamp`` (Unix s) as the series' first, if it is."""
        if timestamp < self.first_seen[number]:
            self.first_seen[number] = timestamp

    def _first_sight(self, operation_type: str, backend: str) -> int:
        folded_backend = backend if backend in self.backends or not self.backends.full else OTHER
        folded_type = operation_type
        if (operation_type, folded_backend) not in self.numbers and len(self.keys) >= self._max_series:
            folded_type = OTHER
        if (folded_type, folded_backend) != (operation_type, backend):
            self.folded += 1
            number = self.numbers.get((folded_type, folded_backend))
            return number if number is not None else self._add(folded_type, folded_backend)
        return self._add(operation_type, backend)

    def _add(self, operation_type: str, backend: str) -> int:
        number = len(self.keys)
        self.keys.append(SeriesKey(operation_type, backend))
        # The limits were asked by whoever adds; a checkpoint's series keep their names under lower ones.
        self.type_code.append(self.operation_types.add(operation_type))
        self.backend_code.append(self.backends.add(backend))
        self.first_seen.append(float("inf"))
        self.in_flight.append([0, 0, 0])
        self.numbers[(operation_type, backend)] = number
        return number

    def restore(self, series: Iterable[tuple[str, str, float]]) -> None:
        """Enter series of a checkpoint, in their order, with the timestamps of their first events."""
        for operation_type, backend, first_seen in series:
            number = self.numbers.get((operation_type, backend))
            self.saw(number if number is not None else self._add(operation_type, backend), first_seen)
