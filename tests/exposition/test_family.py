"""A family knows what its name implies."""

from __future__ import annotations

import pytest

from telemetryd.exposition.family import Family, Kind, Rows, Spread


@pytest.mark.parametrize(
    ("kind", "name"),
    [("counter", "a_total"), ("info", "a_info"), ("gauge", "a"), ("histogram", "a"), ("unknown", "a")],
)
def test_its_samples_have_the_suffix_of_its_type(kind: Kind, name: str) -> None:
    """A histogram's own suffixes come on top."""
    assert Family("a", kind, "Help.").sample_name == name


@pytest.mark.parametrize(
    ("name", "unit"), [("a_seconds", "seconds"), ("a_bytes", "bytes"), ("a_seconds_max", ""), ("seconds", "seconds")]
)
def test_its_unit_is_the_last_word_of_its_name(name: str, unit: str) -> None:
    """OpenMetrics takes no other."""
    assert Family(name, "gauge", "Help.").unit == unit


def test_a_spread_is_a_label_too() -> None:
    """Beside those of the rows, behind them."""
    family = Family("a", "gauge", "Help.", ("backend",), Spread("status", ("up", "down")))
    assert family.all_labels == ("backend", "status")
    assert Family("a", "gauge", "Help.", ("backend",)).all_labels == ("backend",)


def test_rows_are_columns_under_one_another() -> None:
    """A column for each line of a row."""
    rows = Rows(['backend="s3"'], [[1], [2]])
    assert (rows.labels, rows.columns) == (['backend="s3"'], [[1], [2]])
