"""Checksums of a part: over blocks of its pages, over the index behind them, over its footer.

They stand in the footer's own key-value metadata, so the file stays plain Parquet. The sums of
the blocks are known before the footer is made; that of the footer is put, once its bytes are
known, into a place that was kept free in them, and is made as if the place were still free.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from msgspec import Struct

# The bytes that are read and verified at a time where a reader wants any of them.
BLOCK = 1 << 16
# How a Parquet file ends: length of the footer, then this.
MAGIC = b"PAR1"
TRAILER = 8

BLOCKS_KEY = "telemetryd.blocks"
CHECKSUM_KEY = "telemetryd.checksum"
# Eight digits for the index, eight for the footer.
FREE = "0" * 16
# In Thrift's compact protocol: the key, then a field of 16 bytes. No JSON and no name holds these bytes.
_PLACE = CHECKSUM_KEY.encode() + b"\x18\x10"


class Blocks(Struct, frozen=True, gc=False):
    """CRC-32 (8 hexadecimal digits each) of every block of ``size`` bytes from the file's first byte to ``end``."""

    size: int
    end: int
    crc32: str

    def encode(self) -> str:
        """Return the value of ``telemetryd.blocks``."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, value: bytes) -> Blocks:
        """Return what a footer says; raises ValueError where it says something else."""
        blocks = msgspec.json.decode(value, type=cls)
        if blocks.size < 1 or len(blocks.crc32) != 8 * -(-blocks.end // blocks.size):
            raise ValueError(f"expected a checksum for each block of {blocks.end} bytes, found otherwise")
        return blocks

    def fits(self, number: int, data: bytes | memoryview) -> bool:
        """Whether ``data`` are the bytes of a block."""
        return int(self.crc32[8 * number : 8 * number + 8], 16) == zlib.crc32(data)


class BlockSums:
    """Sums up bytes while they are written."""

    def __init__(self) -> None:
        self._end = 0
        self._open = 0
        self._sums: list[int] = []

    def add(self, data: bytes | memoryview) -> None:
        """Take the bytes that follow those taken before."""
        rest = memoryview(data)
        while rest:
            room = BLOCK - self._end % BLOCK
            self._open = zlib.crc32(rest[:room], self._open)
            self._end += len(rest[:room])
            rest = rest[room:]
            if self._end % BLOCK == 0:
                self._sums.append(self._open)
                self._open = 0

    def blocks(self) -> Blocks:
        """Return the sums of all that was taken."""
        sums = [*self._sums, self._open] if self._end % BLOCK else self._sums
        return Blocks(BLOCK, self._end, "".join(f"{each:08x}" for each in sums))


@dataclass(frozen=True, slots=True)
class Footer:
    """The end of a Parquet file: ``data`` are the footer's bytes and the eight after it, ``start`` where they begin."""

    data: bytes
    start: int

    @property
    def checksum(self) -> str:
        """The sixteen digits that the footer gives, or nothing where it gives none."""
        at = self._place
        return "" if at is None else self.data[at : at + len(FREE)].decode("latin-1")

    @property
    def is_whole(self) -> bool:
        """Whether the footer's own checksum is right."""
        at = self._place
        return at is not None and self.checksum[8:] == _sum_of(self.data, at)

    def says(self, key: str, value: str) -> bool:
        """Whether the key-value metadata have an entry, by its bytes, without a parser; the footer has to be whole."""
        return _written(key) + _written(value) in self.data

    def holds_index(self, index: bytes) -> bool:
        """Whether these are the bytes between the blocks' end and the footer."""
        return self.checksum[:8] == f"{zlib.crc32(index):08x}"

    @property
    def as_file(self) -> bytes:
        """The footer as a file of its own, which a Parquet reader takes."""
        return MAGIC + self.data

    @property
    def _place(self) -> int | None:
        found = self.data.rfind(_PLACE)
        at = found + len(_PLACE)
        return at if found >= 0 and at + len(FREE) <= len(self.data) else None


def read_footer(source: BinaryIO, expected: int = BLOCK) -> Footer:
    """Return a file's footer, unverified; raises ValueError where the file does not end as Parquet does.

    ``expected`` bytes are read at first.
    """
    size = source.seek(0, 2)
    source.seek(max(0, size - expected))
    tail = source.read(expected)
    length = int.from_bytes(tail[-TRAILER:-4], "little") + TRAILER
    if not tail.endswith(MAGIC) or length + len(MAGIC) > size:
        raise ValueError(f"expected the end of a Parquet file, found otherwise in {size} bytes")
    if length > len(tail):
        source.seek(size - length)
        tail = source.read(length)
    return Footer(tail[-length:], size - length)


def sealed(tail: bytes) -> bytes:
    """Return the end of a file, from the blocks' end on, with its checksums in the place kept free for them."""
    start = len(tail) - TRAILER - int.from_bytes(tail[-TRAILER:-4], "little")
    place = tail.rindex(_PLACE, start) + len(_PLACE)
    index = f"{zlib.crc32(tail[:start]):08x}".encode()
    data = tail[start:place] + index + tail[place + len(index) :]
    return tail[:start] + data[: place - start + 8] + _sum_of(data, place - start).encode() + data[place - start + 16 :]


def _written(text: str) -> bytes:
    """Return a string as a field of a Thrift structure (compact protocol) that follows the field before it."""
    data, size = text.encode(), b""
    length = len(data)
    while length > 0x7F:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return b"\x18" + size + bytes([length]) + data


def _sum_of(data: bytes, place: int) -> str:
    free = FREE[8:].encode()
    return f"{zlib.crc32(data[: place + 8] + free + data[place + 16 :]):08x}"
