"""The table and the page."""

from __future__ import annotations

from types import ModuleType

from benchmark.document import document, table
from benchmark.lines import Account, Line, times

ACCOUNTS = {
    "hooks": Account(
        [
            Line("a call", "µs", [2.0, 1.0, 3.0], "other", [4.0, 4.0, 4.0], times(3)),
            Line("a call", "µs", [2.0], "absent", goal=times(3), missing="not installed"),
        ],
        "More of it.",
    )
}


def test_table() -> None:
    """A line has medians, spreads, the ratio, the goal and whether it is met; or what is missing."""
    head, rule, *rows = table(ACCOUNTS, padded=False).splitlines()
    assert head.count("|") == rule.count("|") == rows[0].count("|") == rows[1].count("|") == 12
    assert rows[0] == "| a call | µs | 2 | 1 to 3 | other | 4 | 4 to 4 | 2 × | 1.33 to 4 | ≥ 3 × | **no** |"
    assert "| not installed |" in rows[1] and rows[1].endswith("| ≥ 3 × |  |")


def test_padded() -> None:
    """On a terminal all lines are equally long."""
    assert len({len(line) for line in table(ACCOUNTS).splitlines()}) == 1


def test_page() -> None:
    """The page says the machine, the command, what each row is, and what the row has to tell besides."""
    row = ModuleType("row", "Calls, one by one.\n\nEach is ``timed``\nby itself.")
    page = document(ACCOUNTS, {"hooks": row}, {"processor": "fast"}, "scripts/bench", "today")
    assert page.startswith("# Benchmarks\n")
    for words in ("| processor | fast |", "| date | today |", "### Calls, one by one\n\nEach is `timed` by itself.\n"):
        assert words in page
    assert page.rstrip().endswith("scripts/bench --only hooks\n```\n\nMore of it.")
