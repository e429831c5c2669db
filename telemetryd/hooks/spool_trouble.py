"""What is wrong with a spool: what fails until it goes well again, and what is lost."""

from __future__ import annotations

from collections.abc import Callable

from .spool_file import BAD_PLACE

FULL = "the spool is full: it may have {} bytes"
UNREADABLE = "the spool cannot be read: {}"
UNWRITABLE = "the spool cannot be written: {}"
UNNUMBERED = "the spool cannot keep the numbers of batches: {}"
UNSAFE = "the spool is not safe on disk: {}"
_LOST = "events of the spool that are damaged and cannot be sent: {}"

# A place that could not be read for so long (s), while the disk took what was written, is given up.
PATIENCE = 30.0


class Troubles:
    """The troubles of one spool. ``lost`` counts events of the file as it was opened, ``dropped`` those of all times."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lost = 0
        self.dropped = 0
        self._clock = clock
        self._failures: dict[str, str] = {}  # by what fails
        self._bad: tuple[int, float] | None = None  # where reading fails, and since when

    def begin(self) -> None:
        """A file is opened: nothing is wrong with it yet."""
        self.lost = 0
        self._failures.clear()
        self._bad = None

    def text(self, found: str) -> str:
        """Return what could not be done, until it can be; else what is lost, or was ``found`` wrong at first."""
        return next(iter(self._failures.values()), "") or (_LOST.format(self.lost) if self.lost else "") or found

    def tell(self, kind: str, error: object, place: str = "") -> None:
        """This cannot be done; in place of what was said of it, or of ``place``."""
        self._failures[place or kind] = kind.format(error)

    def end(self, kind: str) -> None:
        """This can be done again."""
        self._failures.pop(kind, None)

    def tried(self, kind: str, write: Callable[[], None]) -> bool:
        """Return whether something went well; until it does it is told."""
        try:
            write()
        except OSError as error:
            self.tell(kind, error)
            return False
        self.end(kind)
        return True

    def lose(self, events: int) -> None:
        """So many events will never be sent."""
        self.lost += events
        self.dropped += events

    def is_hopeless(self, error: OSError, position: int) -> bool:
        """Whether reading there has failed for long enough to be given up, in a way that does not pass."""
        if error.errno not in BAD_PLACE:
            return False
        if self._bad is None or self._bad[0] != position:
            self._bad = position, self._clock()
        return self._clock() - self._bad[1] >= PATIENCE
