"""Checksums in a part's footer."""

from __future__ import annotations

import io
import random
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from telemetryd.storage.checksums import BLOCK, CHECKSUM_KEY, FREE, Blocks, BlockSums, Footer, read_footer, sealed


def parquet() -> bytes:
    """Return a small Parquet file with a free place for its checksums."""
    sink = pa.BufferOutputStream()
    table = pa.table({"number": list(range(1000))})
    with pq.ParquetWriter(sink, table.schema, write_page_index=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({CHECKSUM_KEY: FREE, "after": "another key"})
    return sink.getvalue().to_pybytes()


def index_of(data: bytes) -> int:
    """Return where the index behind the pages begins."""
    chunk = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0)
    return int(chunk.dictionary_page_offset + chunk.total_compressed_size)


def test_blocks_are_the_same_however_the_bytes_come() -> None:
    """In one piece or in many, on and off the blocks' bounds, the sums are those of the blocks."""
    chosen = random.Random(1)
    for size in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 17):
        data = chosen.randbytes(size)
        sums, rest = BlockSums(), data
        while rest:
            length = chosen.randrange(1, 2 * BLOCK)
            sums.add(rest[:length])
            rest = rest[length:]
        pieces = [data[at : at + BLOCK] for at in range(0, size, BLOCK)]
        assert sums.blocks() == Blocks(BLOCK, size, "".join(f"{zlib.crc32(each):08x}" for each in pieces))
        assert all(sums.blocks().fits(number, each) for number, each in enumerate(pieces))
        assert not any(sums.blocks().fits(number, each + b"?") for number, each in enumerate(pieces))


def test_blocks_come_back_from_their_text() -> None:
    """As they were; what is not their text is refused."""
    blocks = Blocks(10, 25, "0" * 24)
    assert Blocks.decode(blocks.encode().encode()) == blocks
    for text in (b"", b"{}", b'{"size":0,"end":25,"crc32":""}', b'{"size":10,"end":25,"crc32":"00"}', b"\xff"):
        with pytest.raises((ValueError, UnicodeDecodeError)):
            Blocks.decode(text)


def test_a_sealed_file_is_the_same_parquet_with_its_checksums_in_place() -> None:
    """Only the sixteen digits change; readers that know nothing of them read the file as before."""
    data = parquet()
    at = index_of(data)
    done = data[:at] + sealed(data[at:])
    assert len(done) == len(data)
    assert sum(one != other for one, other in zip(data, done, strict=True)) <= len(FREE)
    assert pq.read_table(io.BytesIO(done)).equals(pq.read_table(io.BytesIO(data)))
    footer = read_footer(io.BytesIO(done))
    assert footer.is_whole
    assert footer.checksum != FREE
    assert footer.holds_index(data[at : footer.start])
    assert pq.read_metadata(io.BytesIO(footer.as_file)).num_rows == 1000


def test_every_bit_of_the_index_and_the_footer_is_covered() -> None:
    """Flipped, whichever it is, the file does not end as Parquet does, or one of the two checksums is wrong."""
    data = parquet()
    at = index_of(data)
    done = data[:at] + sealed(data[at:])
    for place in range(at, len(done)):
        for bit in range(8):
            changed = done[:place] + bytes([done[place] ^ (1 << bit)]) + done[place + 1 :]
            assert not is_whole(changed, at), f"bit {bit} of byte {place}"


def is_whole(data: bytes, index: int) -> bool:
    try:
        footer = read_footer(io.BytesIO(data))
    except ValueError:
        return False
    return footer.is_whole and footer.holds_index(data[index : footer.start])


def test_a_footer_larger_than_expected_is_read_whole() -> None:
    """Few bytes are read at first, and the rest where it is needed."""
    data = parquet()
    assert read_footer(io.BytesIO(data), expected=20) == read_footer(io.BytesIO(data))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"PAR1\x05\x00\x00\x00PAR1", bytes(100)])
def test_what_is_no_parquet_is_told(data: bytes) -> None:
    """Too short, a length that leads out of it, another end."""
    with pytest.raises(ValueError, match="expected the end of a Parquet file"):
        read_footer(io.BytesIO(data))


def test_a_footer_without_a_checksum_says_so() -> None:
    """It is that of an earlier format, or of somebody else; it is not whole, and has none."""
    footer = Footer(b"anything" + b"\x08\x00\x00\x00PAR1", 4)
    assert (footer.checksum, footer.is_whole) == ("", False)


def test_a_footer_is_asked_for_an_entry_without_a_parser() -> None:
    """For the whole of it, of any length."""
    footer = read_footer(io.BytesIO(parquet()))
    assert footer.says("after", "another key")
    assert not footer.says("after", "another")
    assert not footer.says("fter", "another key")
    sink, long = pa.BufferOutputStream(), "x" * 300
    table = pa.table({"number": [1]})
    with pq.ParquetWriter(sink, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({long: long})
    assert read_footer(io.BytesIO(sink.getvalue().to_pybytes())).says(long, long)
