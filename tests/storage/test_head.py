"""The head: rows in memory."""

from __future__ import annotations

import math
from array import array

import pytest

from telemetryd.storage.head import Head, Names

from .samples import head_of, names, rows_of, series_of

NAN = math.nan


def append_two(head: Head) -> None:
    """Append a start and an end."""
    series = [series_of(2, 3)] * 2
    latency = array("d", (NAN, 0.5))
    head.append([1e-5, 2e-5], b"\0\1", series, b"\0\3", b"\xff\0", latency, {1: 2}, {0: 2**40}, {1: 1}, 1, ["a", "b"])


def append_one(head: Head, series: int, producer: int = 1) -> None:
    """Append a start at the first microsecond."""
    head.append([1e-6], b"\0", [series], b"\0", b"\xff", array("d", (NAN,)), {}, {}, {}, producer, ["a"])


def test_rows_come_back_in_order_of_arrival() -> None:
    """Columns hold what was appended, with running sequences and the names their codes point into."""
    head = Head(5, names())
    append_two(head)
    head.append([1.5e-5], b"\2", [~2], b"\5", b"\xff", array("d", (NAN,)), {}, {}, {}, 2, [None])
    assert len(head) == 3
    assert rows_of(head.columns()) == [
        (10, 5, 0, 0, 255, None, -1, 2**40, "add", "s3", "", "node-1", "a"),
        (20, 6, 1, 3, 0, 0.5, 2, -1, "add", "s3", "Timeout", "node-1", "b"),
        (15, 7, 2, 5, 255, None, -1, -1, "", "ipfs", "", "node-2", None),
    ]


def test_an_empty_head_has_empty_columns() -> None:
    """A reader needs no special case for a head without rows; an empty batch changes nothing."""
    head = Head(1, names())
    head.append([], b"", [], b"", b"", array("d"), {}, {}, {}, 0, [])
    assert (len(head), len(head.columns()), len(head.columns().operation_id or [])) == (0, 0, 0)


def test_a_readers_columns_never_change() -> None:
    """What is appended or patched later does not reach columns that were given out."""
    head = Head(1, names())
    append_two(head)
    before = head.columns()
    told = rows_of(before)
    append_two(head)
    head.patch(1, series=series_of(3, 1), previous=254, latency=9.0)
    assert rows_of(before) == told
    assert len(head.columns()) == 4


def test_columns_are_made_once_for_each_state_of_the_head() -> None:
    """Readers that come while nothing changes share one copy."""
    head = Head(1, names())
    append_two(head)
    first = head.columns()
    assert head.columns() is first
    head.patch(1, latency=1.0)
    second = head.columns()
    assert second is not first
    append_two(head)
    assert head.columns() is not second
    assert head.columns().operation_id.to_pylist() == ["a", "b", "a", "b"]


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    """Each field that is given is changed in that row; the others stay."""
    head = Head(1, names())
    append_two(head)
    head.patch(2, series=series_of(3, 1))
    head.patch(2, previous=254)
    head.patch(2, latency=2.5)
    assert rows_of(head.columns()) == [
        (10, 1, 0, 0, 255, None, -1, 2**40, "add", "s3", "", "node-1", "a"),
        (20, 2, 1, 3, 254, 2.5, 2, -1, "pin", "unknown", "Timeout", "node-1", "b"),
    ]


@pytest.mark.parametrize("sequence", [4, 7, 0, -1])
def test_a_row_of_another_head_cannot_be_patched(sequence: int) -> None:
    """A sequence before or after the head's rows is a mistake of the caller, not another row."""
    head = Head(5, names())
    append_two(head)
    with pytest.raises(IndexError, match="expected a row of Head"):
        head.patch(sequence, latency=1.0)


def test_names_may_grow_after_the_head_was_made() -> None:
    """A code of a name that came later is told by it."""
    known = Names([""], [""], [0], [0], [""], ["", "p"])
    head = Head(1, known)
    known.operation_types.append("late")
    known.backends.append("new")
    known.type_codes.append(1)
    known.backend_codes.append(1)
    append_one(head, 1)
    assert rows_of(head.columns())[0][8:10] == ("late", "new")


def test_a_frozen_head_holds_all_rows_and_their_range() -> None:
    """Freezing tells first and last sequence, and whether the rows are to be kept."""
    head = head_of(100, first=50)
    frozen = head.freeze(149, detailed=False)
    assert (frozen.first, frozen.last, frozen.detailed, len(frozen.columns)) == (50, 149, False, 100)
    assert repr(frozen) == "FrozenHead(50..149, 100 rows, brief)"


def test_freezing_with_another_last_sequence_is_a_mistake() -> None:
    """Rows without a gap are what names of parts rest on."""
    with pytest.raises(AssertionError, match="expected the last row"):
        head_of(10, first=1).freeze(11, detailed=True)


def test_codes_beyond_a_byte_are_kept() -> None:
    """Ten thousand producers and a thousand types have codes of two bytes."""
    words, codes = [str(code) for code in range(12_000)], list(range(2000))
    head = Head(1, Names(words[:2000], [""], codes, [0] * 2000, [""], words))
    append_one(head, 1999, 11_999)
    columns = head.columns()
    assert (columns.operation_type.tolist(), columns.producer.tolist()) == ([1999], [11_999])


def test_the_tail_of_a_head_is_its_last_rows() -> None:
    """As they are known now; once it is let go of, the head can grow."""
    head = Head(5, names())
    append_two(head)
    head.patch(6, previous=2)
    tail = head.tail(1)
    assert [column.tolist() for column in tail] == [[2e-5], [1], [series_of(2, 3)], [3], [2], [0.5]]
    with pytest.raises(BufferError):
        append_two(head)
    del tail
    assert [len(column) for column in head.tail(2)] == [0] * 6


def test_the_operation_of_a_row_is_found_wherever_its_id_is() -> None:
    """Among those that were converted for a reader, in one go or several, and those that were not."""
    head = head_of(40)
    ids = [*head.columns().operation_id]
    append_two(head)
    head.columns()
    append_one(head, series_of(2, 3))
    expected = [*(each.as_py() for each in ids), "a", "b", "a"]
    assert [head.operation_id(index) for index in range(len(head))] == expected
    with pytest.raises(IndexError):
        head.operation_id(len(head))
