"""Names in charts: they stand for themselves, and fit."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.lettering import fitted, lines_of, markup, plain, shortened, width_of

names = st.text(min_size=1, max_size=64)


@given(names)
def test_markup_shows_the_name_itself(name: str) -> None:
    """What Plotly makes of it after templates, TeX, tags and entities is the name."""
    text = markup(name)
    assert not re.search(r"[<>${}%]", text)
    assert html.unescape(text) == name or "\r" in name or any(unicodedata.category(each) == "Cc" for each in name)


@pytest.mark.parametrize("name", ["<b>x</b>", '<a href="javascript:alert(1)">', "%{y}", "$x^2$", "&lt;", "{}", "100 %"])
def test_markup_of_what_would_act(name: str) -> None:
    """Tags, templates, formulas and entities come out as their letters."""
    assert html.unescape(markup(name)) == name


@given(names)
def test_a_plain_name_is_one_visible_line(name: str) -> None:
    """Neither controls nor turns of direction nor ends of lines are left, and the rest stays as it is."""
    seen = plain(name).strip("\u2068\u2069")
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in seen)
    assert not any(each in seen for each in "\u202e\u202d\u2066\u2067\ufffe\uffff")
    assert len(seen) == len(name.strip("\u2068\u2069")) or any(each in name for each in "\u2068\u2069")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("ipfs", "ipfs"),
        ("a\nb", "a�b"),
        ("a\x00b", "a�b"),
        ("a\u202eb", "a�b"),
        ("می\u200cخواهم", "\u2068می\u200cخواهم\u2069"),
        ("日本", "日本"),
    ],
)
def test_plain(name: str, seen: str) -> None:
    """Controls become a mark, joiners stay, and what is written from right to left keeps to itself."""
    assert plain(name) == seen


@given(names, st.floats(min_value=20, max_value=400))
def test_fitted_text_fits(name: str, pixels: float) -> None:
    """A fitted text is no wider than its room, and is the text itself where that fits."""
    short = fitted(name, pixels, 12)
    assert short == "…" or width_of(short, 12) <= pixels
    assert (short == name) == (width_of(name, 12) <= pixels) or short == "…" == name


def test_fitted_text_keeps_both_ends() -> None:
    """Of names that begin alike, the end is seen."""
    assert fitted("upload to cluster in the north", 120, 12) == "upload to c…north"
    assert shortened("W" * 64, 40) == "W" * 24 + "…" + "W" * 15
    assert shortened("short", 40) == "short"


def test_width() -> None:
    """Wide letters take more room than narrow ones, bold ones more than both, and full-width ones most."""
    assert width_of("iiii", 12) < width_of("nnnn", 12) < width_of("nnnn", 12, bold=True) < width_of("日本日本", 12)
    assert width_of("", 12) == 0


@given(st.text(alphabet="ab ", max_size=60), st.floats(min_value=10, max_value=200))
def test_lines_hold_the_whole_text(text: str, pixels: float) -> None:
    """Lines joined with spaces are the text again, and only a single word may be too wide."""
    lines = lines_of(text, pixels, 12)
    assert " ".join(lines) == text
    assert all(width_of(line, 12) <= pixels for line in lines if " " in line.strip())
