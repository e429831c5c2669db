"""Whether the recorder moves: since when it has had work, since when it waits for the disk, and since when for upkeep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """Monotonic seconds: since when something waits for the recorder without a turn of it ending, since when the disk has not come back, and since when there is no room for events and upkeep has not come back from any step."""

    waiting_since: float | None = None
    disk_since: float | None = None
    crowded_since: float | None = None


class Pace:
    """Notes of the recorder about itself; a few attributes on the event loop. ``took`` is told how long each call to the disk was (s)."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, took: Callable[[float], None] = lambda seconds: None
    ) -> None:
        self._monotonic = monotonic
        self._took = took
        self._waiting_since: float | None = None
        self._disk_since: float | None = None
        self._crowded_since: float | None = None

    @property
    def signs(self) -> Signs:
        """What they are now."""
        return Signs(self._waiting_since, self._disk_since, self._crowded_since)

    def handed_in(self) -> None:
        """Something has come in."""
        if self._waiting_since is None:
            self._waiting_since = self._monotonic()

    def turned(self, *, more: bool) -> None:
        """A turn has ended, and all that it took is answered; ``more`` has come in meanwhile."""
        self._waiting_since = self._monotonic() if more else None

    def crowded(self) -> None:
        """There is no room for events until a head is sealed."""
        if self._crowded_since is None:
            self._crowded_since = self._monotonic()

    def upkept(self) -> None:
        """A step of upkeep has come back: it did something, or has said why it could not, and tries again."""
        self._crowded_since = None

    @contextmanager
    def on_disk(self) -> Iterator[None]:
        """One call to the disk."""
        began = self._disk_since = self._monotonic()
        try:
            yield
        finally:
            self._disk_since = None
            self._took(self._monotonic() - began)
