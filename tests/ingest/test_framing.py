"""Bytes become lines, however they are cut."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.ingest.framing import Framer, TooLong

LIMIT = 8


def lines(*pieces: bytes, limit: int = LIMIT) -> list[bytes | TooLong]:
    framer = Framer(limit)
    return [line for piece in pieces for line in framer.feed(piece)]


def test_a_newline_ends_a_line() -> None:
    """Several may come at once."""
    assert lines(b"one\ntwo\nthr") == [b"one", b"two"]


def test_a_line_may_come_in_pieces() -> None:
    """It is whole when its newline comes."""
    assert lines(b"o", b"n", b"e", b"\n") == [b"one"]


def test_empty_lines_give_nothing() -> None:
    """Nor do those of white space."""
    assert lines(b"\n\r\n \t \none\n\n") == [b"one"]


def test_a_line_of_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    """The newline does not count."""
    assert lines(b"12345678\n123456789\nok\n") == [b"12345678", TooLong(LIMIT), b"ok"]


def test_a_line_is_too_long_as_soon_as_that_is_known() -> None:
    """Its sender hears of it before it ends, and nothing of it is held."""
    framer = Framer(LIMIT)
    assert list(framer.feed(b"123456789")) == [TooLong(LIMIT)]
    assert framer.incomplete == 0
    assert list(framer.feed(b"x" * 1000)) == []
    assert framer.incomplete == 0
    assert list(framer.feed(b"rest\nok\n")) == [b"ok"]


def test_what_has_no_newline_yet_is_told() -> None:
    """So that the end of the stream can be judged."""
    framer = Framer(LIMIT)
    list(framer.feed(b"one\ntw"))
    assert framer.incomplete == 2
    list(framer.feed(b"o\n"))
    assert framer.incomplete == 0


@settings(deadline=None)
@given(st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b".")), max_size=8), st.data())
def test_where_a_stream_is_cut_makes_no_difference(content: list[bytes], data: st.DataObject) -> None:
    """The lines are those of the whole, each too long one told once."""
    stream = b"".join(line + b"\n" for line in content)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = [TooLong(LIMIT) if len(line) > LIMIT else line for line in content]
    told = [line for line in expected if isinstance(line, TooLong) or line.strip()]
    assert lines(*pieces) == told


def test_a_line_that_is_skipped_is_not_held() -> None:
    """What follows its newline is a line again."""
    framer = Framer(10)
    assert list(framer.feed(b"half a l")) == []
    framer.skip()
    assert framer.incomplete == 0
    assert list(framer.feed(b"ine, and more of it\nwhole\n")) == [b"whole"]


def test_a_line_of_many_small_pieces_takes_no_more_than_its_bytes() -> None:
    """A piece of one byte costs one byte."""
    framer = Framer(1 << 20)
    tracemalloc.start()
    for _ in range(20_000):
        assert list(framer.feed(b"x")) == []
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert framer.incomplete == 20_000
    assert held < 50_000
