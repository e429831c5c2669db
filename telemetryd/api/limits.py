"""How often one may ask for what is costly: a bucket of tokens for each client, and one for all of them."""

from __future__ import annotations

from dataclasses import dataclass

# All clients together may ask for as many times what one may.
TOGETHER = 4
# How much of a minute's may come at once.
BURST = 1 / 3
# Clients whose buckets are held; beyond it the one that was longest quiet is forgotten, and so forgiven.
MOST_CLIENTS = 1000


@dataclass(slots=True)
class Bucket:
    """Holds up to ``size`` and fills at ``rate`` a second; ``level`` is as of ``at``, in seconds."""

    size: float
    rate: float
    level: float
    at: float

    @classmethod
    def full(cls, per_minute: float, now: float) -> Bucket:
        """Return a bucket that lets so many through in a minute, on average."""
        size = max(1.0, per_minute * BURST)
        return cls(size, per_minute / 60, size, now)

    def wait(self, now: float) -> float:
        """Return in how many seconds there is one to take; 0 where there is now."""
        # A clock that steps back takes nothing away.
        self.level = min(self.size, self.level + max(0.0, now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1.0 - self.level) / self.rate)

    def take(self) -> None:
        """Take one; there is one."""
        self.level -= 1.0


class RateLimit:
    """So many in a minute of each client, and ``TOGETHER`` times as many of all."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._all: Bucket | None = None
        self._clients: dict[str, Bucket] = {}

    def change(self, per_minute: int) -> None:
        """Let another number through from now on."""
        if per_minute != self._per_minute:
            self._per_minute, self._all, self._clients = per_minute, None, {}

    def wait(self, client: str, now: float) -> float:
        """Take one for a client and return 0; or take none and return in how many seconds to come again."""
        if self._all is None:
            self._all = Bucket.full(self._per_minute * TOGETHER, now)
        own = self._clients.pop(client, None) or Bucket.full(self._per_minute, now)
        if len(self._clients) >= MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]
        self._clients[client] = own
        wait = max(own.wait(now), self._all.wait(now))
        if not wait:
            own.take()
            self._all.take()
        return wait
