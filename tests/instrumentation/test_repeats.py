"""So many lines of a kind within an interval; the others are counted."""

from __future__ import annotations

from telemetryd.instrumentation.repeats import Repeats


def test_a_kind_has_so_many_lines_within_an_interval() -> None:
    """And as many again in the next, which begins with its first line."""
    repeats = Repeats(3, 10.0)
    assert [repeats.admits("a", now) for now in (5, 5, 6, 14.9, 14.9)] == [True, True, True, False, False]
    assert repeats.over(14.9) == {}
    assert repeats.over(15) == {"a": 2}
    assert [repeats.admits("a", now) for now in (20, 20, 20, 29)] == [True, True, True, False]
    assert repeats.over(29.9) == {}
    assert repeats.over(30) == {"a": 1}


def test_kinds_are_counted_apart() -> None:
    """One that is common does not hide another."""
    repeats = Repeats(1, 10.0)
    assert repeats.admits("a", 0) and repeats.admits("b", 0)
    assert not repeats.admits("a", 1)
    assert repeats.over(10) == {"a": 1}


def test_what_was_left_out_is_told_once() -> None:
    """And is owed until then."""
    repeats = Repeats(1, 10.0)
    repeats.admits("a", 0)
    assert not repeats.owing
    repeats.admits("a", 1)
    assert repeats.owing
    assert repeats.rest() == {"a": 1}
    assert not repeats.owing and repeats.rest() == {}
