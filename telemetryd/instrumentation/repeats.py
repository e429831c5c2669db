"""What keeps one kind of line from filling the log: so many in a while are written, the others counted."""

from __future__ import annotations

# Lines of one kind that are written within an interval, and its length in s.
MOST = 60
INTERVAL = 60.0


class Repeats:
    """Counts lines by kind; the interval of a kind begins with its first line. ``now`` never runs backwards."""

    def __init__(self, most: int = MOST, interval: float = INTERVAL) -> None:
        self._most = most
        self.interval = interval
        self._seen: dict[str, tuple[float, int]] = {}

    def admits(self, kind: str, now: float) -> bool:
        """Whether one more line of ``kind`` is to be written."""
        since, lines = self._seen.get(kind, (now, 0))
        self._seen[kind] = since, lines + 1
        return lines < self._most

    def over(self, now: float) -> dict[str, int]:
        """Return how many lines of each kind were not written in intervals that are over, and begin anew with these."""
        ended = {kind: lines for kind, (since, lines) in self._seen.items() if now - since >= self.interval}
        for kind in ended:
            del self._seen[kind]
        return {kind: lines - self._most for kind, lines in ended.items() if lines > self._most}

    def rest(self) -> dict[str, int]:
        """Return how many lines of each kind have not been written and not been told; for the end."""
        return self.over(float("inf"))

    @property
    def owing(self) -> bool:
        """Whether lines were not written of which nothing has been told."""
        return any(lines > self._most for _, lines in self._seen.values())
