"""Our words and those of others."""

from __future__ import annotations

from telemetryd.model.series import SeriesKey
from telemetryd.reports.names import Name, of_series, text


def test_a_name_is_told_from_our_words() -> None:
    """It is text like all other, and known to be somebody's."""
    parts = of_series(SeriesKey("add", "ipfs"))
    assert text(parts) == "add on ipfs"
    assert [isinstance(part, Name) for part in parts] == [True, False, True]
