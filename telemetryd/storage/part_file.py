"""A part's bytes: written under another name until they are whole, verified whenever they are read.

From format 2 on, every byte that reaches the Parquet reader has passed a checksum first, the
footer's before it is parsed, and the footer says which part it belongs to: damage, and a file
in the wrong place, are an :class:`UnreadablePart`, never wrong numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from telemetryd.model.errors import CorruptFile

from . import schema
from .checksums import BLOCKS_KEY, CHECKSUM_KEY, FREE, Blocks, BlockSums, Footer, read_footer, sealed
from .files import TMP, UNREADABLE, File, Files, remove_if_there
from .part_name import Part, place_of

VERSION_KEY = "telemetryd.format"
PART_KEY = "telemetryd.part"
# The first format whose files carry checksums and their own place.
CHECKED = 2

# Pyarrow hands small pieces over one by one; each would be a system call.
_WRITE_BUFFER = 1 << 20
_READ_BUFFER = 256 << 10
_USUAL_FOOTER = 16 << 10


class UnreadablePart(CorruptFile):
    """The bytes of ``part`` are not what its checksums, its format or its name promise."""

    def __init__(self, part: Part, found: str) -> None:
        super().__init__(f"{part.path}: expected a part of telemetryd: {found}")
        self.part = part


@dataclass(frozen=True, slots=True)
class Described:
    """What the footer of a part says: ``words`` are its key-value metadata, ``blocks`` None before format 2."""

    footer: Footer
    metadata: Any
    words: dict[bytes, bytes]
    blocks: Blocks | None


@contextmanager
def opened(
    files: Files, part: Part, dictionaries: Collection[str] = (), *, at_once: bool = True
) -> Iterator[pq.ParquetFile]:
    """Open a part; what is wrong with its bytes inside of the block is an UnreadablePart.

    Not ``at_once``, its bytes are read as they are needed: more reads, less memory.
    """
    with _described(files, part) as (source, described):
        blocks = described.blocks
        with pq.ParquetFile(
            source if blocks is None else Checked(source, part, blocks),
            metadata=described.metadata,
            read_dictionary=list(dictionaries),
            # From format 2 on the blocks' checksums have covered these bytes already.
            page_checksum_verification=blocks is None,
            # Pyarrow's threads would read through Python, and one that lets go of a file while the process ends aborts it.
            pre_buffer=False,
            buffer_size=0 if at_once else _READ_BUFFER,
        ) as file:
            yield file


def glance(files: Files, part: Part) -> None:
    """Verify a part's footer, as :func:`describe` does and at a quarter of its cost; raises as that does.

    What our own footers say is found without a parser, once their checksum is right. Any doubt is left to
    :func:`describe`.
    """
    try:
        with files.open(part.path) as source:
            footer = read_footer(source, _USUAL_FOOTER)
    except (OSError, ValueError):
        footer = None
    known = ((VERSION_KEY, str(schema.FORMAT)), (PART_KEY, place_of(part.path)))
    if footer is None or not footer.is_whole or not all(footer.says(*each) for each in known):
        describe(files, part)


def describe(files: Files, part: Part) -> Described:
    """Return what a part's footer says, verified; raises UnreadablePart, OSError."""
    with _described(files, part) as (_, described):
        return described


def verify(files: Files, part: Part) -> int:
    """Read every byte of a part and return how many its checksums cover (0 before format 2); raises as :func:`describe`."""
    with _described(files, part) as (source, described):
        if described.blocks is None:
            return 0
        checked = Checked(source, part, described.blocks)
        while checked.read(_WRITE_BUFFER):
            pass
        source.seek(described.blocks.end)
        if not described.footer.holds_index(source.read(described.footer.start - described.blocks.end)):
            raise UnreadablePart(part, f"the checksum of its index, from byte {described.blocks.end} on, is wrong")
        return described.footer.start + len(described.footer.data)


@contextmanager
def _described(files: Files, part: Part) -> Iterator[tuple[BinaryIO, Described]]:
    try:
        with files.open(part.path) as source:
            yield source, _read_description(source, part)
    except OSError as error:
        if error.errno is not None and error.errno not in UNREADABLE:
            raise
        raise UnreadablePart(part, str(error)) from error
    except UnreadablePart:
        raise
    # A flipped bit in a footer without a checksum can ask for anything, a huge allocation too.
    except (
        CorruptFile,
        pa.ArrowException,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise UnreadablePart(part, repr(error)) from error


def _read_description(source: BinaryIO, part: Part) -> Described:
    footer = read_footer(source)
    checked = footer.is_whole
    if footer.checksum and not checked:
        raise UnreadablePart(part, "the checksum of its footer is wrong")
    metadata = pq.read_metadata(pa.BufferReader(footer.as_file))
    words = metadata.metadata
    version = int(words[VERSION_KEY.encode()])
    if version > schema.FORMAT:
        raise UnreadablePart(part, f"expected format {schema.FORMAT} or before, found {version}")
    if not checked:
        if version >= CHECKED:
            raise UnreadablePart(part, f"expected checksums in format {version}, found none")
        return Described(footer, metadata, words, None)
    if (place := words[PART_KEY.encode()].decode()) != place_of(part.path):
        raise UnreadablePart(part, f"its bytes are those of {place}")
    return Described(footer, metadata, words, Blocks.decode(words[BLOCKS_KEY.encode()]))


class Checked:
    """The pages of a part as a file that pyarrow reads: whatever is read, the blocks it lies in are verified."""

    def __init__(self, source: BinaryIO, part: Part, blocks: Blocks) -> None:
        self.closed = False
        self._source = source
        self._part = part
        self._blocks = blocks
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        size, end = self._blocks.size, self._blocks.end
        stop = end if count < 0 else min(self._at + count, end)
        if stop <= self._at:
            return b""
        first, last = self._at // size, (stop - 1) // size
        self._source.seek(first * size)
        data = _read_fully(self._source, min((last + 1) * size, end) - first * size)
        view = memoryview(data)
        for number in range(first, last + 1):
            if not self._blocks.fits(number, view[(number - first) * size : (number - first + 1) * size]):
                raise UnreadablePart(self._part, f"the checksum of bytes {number * size} and following is wrong")
        start, self._at = self._at - first * size, stop
        return data[start : stop - first * size]

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._blocks.end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """The source belongs to who opened it."""
        self.closed = True


def _read_fully(source: BinaryIO, count: int) -> bytes:
    data = source.read(count)
    while len(data) < count and (more := source.read(count - len(data))):
        data += more
    return data


class Output:
    """A part under its ``.tmp`` name, as the stream that pyarrow writes to."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path
        self._size = 0
        self._sums = BlockSums()
        # What comes after the pages is held back until its checksums can be put into it.
        self._tail: bytearray | None = None
        self._file: File = files.create(path + TMP)
        self._abandoned = False
        self.closed = False
        self.stream: Any = pa.BufferedOutputStream(pa.PythonFile(self, mode="w"), _WRITE_BUFFER)

    def write(self, data: bytes) -> int:
        self._size += len(data)
        if self._abandoned:
            # What pyarrow still holds when it is let go of; a refusal it could only print.
            return len(data)
        if self._tail is not None:
            self._tail += data
        else:
            self._sums.add(data)
            self._file.write(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held back here but the tail."""

    def close(self) -> None:
        """Pyarrow is done; the file itself is closed by :meth:`finish` or :meth:`abandon`."""

    def finish(self, writer: pq.ParquetWriter, words: dict[str, bytes]) -> int:
        """Complete what ``writer`` wrote here, durably and under its name, and return its size; raises OSError.

        ``words`` go into the footer. The folder is not synced yet.
        """
        self.stream.flush()
        self._tail = bytearray()
        writer.add_key_value_metadata(
            {
                VERSION_KEY: str(schema.FORMAT),
                PART_KEY: place_of(self._path),
                BLOCKS_KEY: self._sums.blocks().encode(),
                CHECKSUM_KEY: FREE,
                **words,
            }
        )
        writer.close()
        self.stream.flush()
        self._let_go()
        self._file.write(sealed(bytes(self._tail)))
        self._file.sync()
        self._file.close()
        self._files.rename(self._path + TMP, self._path)
        return self._size

    def _let_go(self) -> None:
        # The stream refers to us from where Python's collector does not see it: its buffer would stay for ever.
        self.stream = None

    def abandon(self) -> None:
        """Remove what was written so far."""
        self._abandoned = True
        self._let_go()
        self._file.close()
        remove_if_there(self._files, self._path + TMP)
