from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.hooks.spool_format import (
    HEAD,
    SLOT,
    Record,
    State,
    body_size,
    decode_record,
    encode_record,
    encode_state,
    read_state,
)

ordinals = st.integers(0, 2**63 - 1)
records = st.builds(Record, ordinals, ordinals, st.integers(0, 1000), st.binary(max_size=50))


@settings(deadline=None)
@given(records)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    """Its head tells how many bytes follow."""
    encoded = encode_record(record)
    head, body = encoded[: HEAD.size], encoded[HEAD.size :]
    assert body_size(head) == len(body)
    assert decode_record(head, body) == record
    assert record.size == len(encoded)


@settings(deadline=None)
@given(records, st.data())
def test_a_record_with_a_wrong_bit_is_none(record: Record, data: st.DataObject) -> None:
    """Wherever the bit is."""
    encoded = bytearray(encode_record(record))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    head, body = bytes(encoded[: HEAD.size]), bytes(encoded[HEAD.size :])
    assert body_size(head) is None or decode_record(head, body) is None


def test_the_newest_whole_state_counts() -> None:
    """A state that was torn while it was written leaves the one before it."""
    old, new = State(4, "wal", 7, ((8, 9, 3),)), State(5, "wal", 9, ())
    assert read_state(encode_state(old) + encode_state(new)) == new
    assert read_state(encode_state(new) + encode_state(old)) == new
    torn = encode_state(new)[:10] + bytes(SLOT - 10)
    assert read_state(encode_state(old) + torn) == old
    assert read_state(bytes(2 * SLOT)) is None
    assert read_state(b"") is None


def test_a_state_with_all_that_can_be_under_way_fits_its_slot() -> None:
    """The longest name and far more batches than are ever sent without an answer."""
    given_numbers = tuple((2**62 + number, 2**62 + number, 2**62 + number) for number in range(100))
    state = State(2**62, "é" * 256, 2**62, given_numbers)
    assert len(encode_state(state)) == SLOT
    assert read_state(encode_state(state)) == state
