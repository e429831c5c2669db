"""The catalogue, in all its modules: each kind says what it is, and can be logged."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import fields
from structlog.testing import capture_logs

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import Draining, InternalEvent
from tests.house.source import script

LEVELS = ("debug", "info", "warning", "error", "critical")
VALUES: dict[Any, Any] = {int: 7, str: "word", str | None: None}
KINDS: list[type[InternalEvent]] = script("log_catalogue").kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_a_line_at_a_level(kind: type[InternalEvent]) -> None:
    """A line of its own, and a docstring that says when."""
    assert kind.says != InternalEvent.says and kind.level in LEVELS
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_logged(kind: type[InternalEvent]) -> None:
    """No field of it is in the way of the logger's own names."""
    event = kind(**{each.name: VALUES[each.type] for each in fields(kind)})
    with capture_logs() as lines:
        Instrumentation().emit(event)
    assert lines[0]["event"] == kind.says
    assert lines[0]["log_level"] == kind.level
    assert {each.name for each in fields(kind)} <= set(lines[0])


def test_lines_are_told_apart() -> None:
    """Whoever reads the log knows what happened."""
    assert len({kind.says for kind in KINDS}) == len(KINDS)


def test_an_event_never_changes() -> None:
    """What was said was said."""
    with pytest.raises(AttributeError):
        Draining("SIGTERM").signal = "SIGINT"  # type: ignore[misc]
