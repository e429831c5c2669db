"""What the daemon says to a producer, read from its lines."""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Welcome(Struct, frozen=True):
    """The answer to a hello: the last batch on disk, whether events are wanted, the longest line taken."""

    last_batch: int = 0
    enabled: bool = True
    max_line_bytes: int = 1 << 20


class Wanted(Struct, frozen=True):
    """Whether events are wanted from now on."""

    enabled: bool = True


class Answer(Struct, frozen=True):
    """One line; what it does not say is None. ``retry_after`` in s."""

    welcome: Welcome | None = None
    ack: int | None = None
    nack: int | None = None
    retry_after: float = 1.0
    settings: Wanted | None = None
    error: str | None = None


_decoder = msgspec.json.Decoder(Answer)


def read_answer(line: bytes) -> Answer:
    """Return what a line says; one that cannot be read counts as an error line."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Answer(error=f"unreadable answer: {error}")
