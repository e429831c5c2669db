"""What is known of operations by their ids: those in flight, those that ended lately, within bounds."""

from __future__ import annotations

import math
from itertools import islice

from telemetryd.model.settings import LiveSettings

from .operation import Operation
from .regular import Regular, Unsealed
from .rows import Rows

# How often operations are looked through for those beyond their age, in seconds.
SWEEP = 5.0


class OperationTable:
    """``operations`` are in flight, ``ended`` ended lately or expired; both in the order in which they came.

    ``sealed`` is the last sequence that is in a frozen head or a part: rows up to it are never
    patched.
    """

    def __init__(self, settings: LiveSettings) -> None:
        self.operations: dict[str, Regular | Operation] = {}
        self.ended: dict[str, Regular | Operation] = {}
        self.sealed = 0
        self._unsealed = Unsealed()
        self._settings = settings
        self._swept = -math.inf

    def known(self, operation_id: str, rows: Rows) -> Operation | None:
        """Return an operation that was told of before, whole from here on; ``rows`` are those of the batch under way."""
        for table in (self.operations, self.ended):
            known = table.get(operation_id)
            if type(known) is Regular:
                known = table[operation_id] = self._unsealed.unfold(known, rows)
            if type(known) is Operation:
                return known
        return None

    def new(self, operation_id: str, operation: Operation) -> Operation:
        """Enter an operation that nothing was told of, and return it."""
        self.operations[operation_id] = operation
        return operation

    def leave(self, operation_id: str) -> None:
        """Have an operation in flight no more, if it is."""
        operation = self.operations.pop(operation_id, None)
        if operation is not None:
            self.ended[operation_id] = operation

    def settle(self, rows: Rows) -> None:
        """Take the rows of a batch that is through, and forget what ended longest ago beyond the limit."""
        self._unsealed.add(rows)
        limit = self._settings.max_ended
        if len(self.ended) > limit:
            # Many at once: what is gone from the front of a table is passed by on each way to the oldest.
            for operation_id in [*islice(self.ended, len(self.ended) - limit + limit // 16)]:
                del self.ended[operation_id]

    def seal(self, sequence: int) -> None:
        """Take the rows up to ``sequence`` for sealed."""
        self.sealed = sequence
        self._unsealed.forget(sequence)

    def overdue(self, now: float) -> list[str]:
        """Return the ids that have to expire: the oldest beyond the limits of age and number."""
        surplus = max(0, len(self.operations) - self._settings.max_operations)
        ids = list(islice(self.operations, surplus))
        if not self._swept <= now < self._swept + SWEEP:
            # They came in any order of their starts, so all have to be looked at: not at every turn.
            self._swept = now
            oldest = now - self._settings.max_operation_age
            aged = (each for each, known in self.operations.items() if (known.started or known.since) <= oldest)
            ids = list(dict.fromkeys((*ids, *aged)))
        return ids
