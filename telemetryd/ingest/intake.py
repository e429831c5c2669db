"""What a connection needs of the listener that it belongs to."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import Hello

from .peer import Peer
from .submission import Submission
from .welcomes import Welcome

if TYPE_CHECKING:
    from .connection import Connection


class Intake(Protocol):
    """The room that all connections share, and where what they read goes."""

    instrumentation: Instrumentation
    paused: bool

    @property
    def max_line_bytes(self) -> int:
        """The longest line that is taken."""

    @property
    def enabled(self) -> bool:
        """Whether events are wanted."""

    @property
    def retention_days(self) -> int:
        """How old an event may be."""

    def admits(self, peer: Peer, connected: socket.socket) -> bool:
        """Whether a process that is connected may send events."""

    def now(self) -> float:
        """The daemon's clock, in Unix seconds."""

    def greet(self, hello: Hello, welcome: Welcome) -> None:
        """Call ``welcome`` with the last batch of this producer that is on disk; those of it that are gone end."""

    def submit(self, submission: Submission) -> None:
        """Hand events to the recorder; counts as pending until settled."""

    def settled(self, size: int) -> None:
        """So many pending bytes are done with."""

    def holds(self, change: int) -> None:
        """So many more bytes, or fewer, are held of lines that have not ended."""

    def owes(self, change: int) -> None:
        """So many more bytes, or fewer, of answers are not read."""

    def closed(self, connection: Connection) -> None:
        """The connection is gone."""
