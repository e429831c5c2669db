"""Bytes to lines, without a socket: the newline ends a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line over the limit; it is skipped to its newline."""

    limit: int


class Framer:
    """Cuts a stream of bytes into lines of at most ``max_line`` bytes (without the newline).

    A longer line gives one :class:`TooLong` as soon as it is known to be too long; what
    follows of it is passed over without being held. Empty lines give nothing.
    """

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        # One piece, however small the pieces are that it comes in.
        self._partial = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | TooLong]:
        """Yield the lines that ``data`` completes."""
        *complete, rest = data.split(b"\n")
        for piece in complete:
            yield from self._end_line(piece)
        if rest:
            yield from self._hold(rest)

    @property
    def incomplete(self) -> int:
        """Bytes of a line whose newline has not come."""
        return len(self._partial)

    def skip(self) -> None:
        """Hold nothing more of the line that has begun."""
        self._partial = bytearray()
        self._skipping = True

    def _end_line(self, piece: bytes) -> Iterator[bytes | TooLong]:
        if self._skipping:
            self._skipping = False
            return
        if self._partial:
            piece = bytes(self._partial) + piece
            self._partial = bytearray()
        if len(piece) > self._max_line:
            yield TooLong(self._max_line)
        elif piece and not piece.isspace():
            yield piece

    def _hold(self, rest: bytes) -> Iterator[TooLong]:
        if self._skipping:
            return
        self._partial += rest
        if len(self._partial) > self._max_line:
            self.skip()
            yield TooLong(self._max_line)
