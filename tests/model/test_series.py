"""A series' key reads as the seed writes it."""

from __future__ import annotations

from telemetryd.model.series import SeriesKey


def test_a_key_reads_as_type_and_backend() -> None:
    """As the realtime answer names its series."""
    assert str(SeriesKey("add", "ipfs")) == "add:ipfs"


def test_a_key_is_a_plain_pair() -> None:
    """It can be looked up by one, and sorts by type first."""
    assert SeriesKey("add", "ipfs") in {("add", "ipfs")}
    assert sorted([SeriesKey("get", "a"), SeriesKey("add", "z")])[0].operation_type == "add"
