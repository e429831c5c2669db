"""docs/logs.md tells every line that the daemon can write."""

from __future__ import annotations

from telemetryd.instrumentation.repeats import INTERVAL, MOST

from .source import read, script


def test_the_table_is_what_the_script_prints() -> None:
    """The table of docs/logs.md is up to date: `scripts/log_catalogue.py`."""
    assert read("docs/logs.md").endswith(script("log_catalogue").table())


def test_the_catalogue_has_every_module() -> None:
    """Also one that is made tomorrow: no kind is left out for being in a new place."""
    kinds = {kind.__module__ for kind in script("log_catalogue").kinds()}
    assert kinds >= {
        f"telemetryd.instrumentation.{name}" for name in ("events", "chart_events", "damage", "log_events")
    }


def test_the_limit_is_the_one_that_holds() -> None:
    """How many lines of a kind, and within how long."""
    assert f"at most {MOST} lines are written within a minute" in read("docs/logs.md")
    assert INTERVAL == 60
