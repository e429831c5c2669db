"""Numbers that come as text."""

from __future__ import annotations

import math

import pytest

from telemetryd.model.numerals import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("-3", -3), ("+3", 3), ("1.5", 1.5), (".5", 0.5), ("5.", 5), ("0.5e2", 50), ("1E-3", 0.001)],
)
def test_a_number_is_read(text: str, number: float) -> None:
    """With a sign, a fraction and an exponent, or without."""
    assert number_of(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "x", "nan", "inf", "-infinity", "1_000", " 1", "1\n", "٣", "１", "0x10", "1e", ".", "1,5", "--1", "1 2"],
)
def test_what_only_python_reads_as_a_number_is_none(text: str) -> None:
    """Nor is what is no number at all."""
    assert math.isnan(number_of(text))


def test_too_large_a_number_is_infinite() -> None:
    """So that no bound takes it."""
    assert number_of("1e999") == math.inf
