"""The catalogue of what is said of reports: each kind says what it is, and can be logged."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from structlog.testing import capture_logs

from telemetryd.instrumentation import Instrumentation, chart_events, events, report_events
from telemetryd.instrumentation.events import InternalEvent

VALUES: dict[str, Any] = {"int": 7, "str": "word"}


def kinds(module: Any) -> list[type[InternalEvent]]:
    return [each for each in vars(module).values() if isinstance(each, type) and InternalEvent in each.__bases__]


@pytest.mark.parametrize("kind", kinds(report_events))
def test_every_kind_can_be_logged(kind: type[InternalEvent]) -> None:
    """With a line of its own, at its level, and no field in the way of the logger's own names."""
    event = kind(**{each.name: VALUES[str(each.type)] for each in fields(kind)})
    with capture_logs() as lines:
        Instrumentation().emit(event)
    assert kind.__doc__
    assert (lines[0]["event"], lines[0]["log_level"]) == (kind.says, kind.level)
    assert {each.name for each in fields(kind)} <= set(lines[0])


def test_lines_are_told_apart() -> None:
    """From those of the rest of the daemon too."""
    every = {*kinds(report_events), *kinds(chart_events), *kinds(events)}
    assert len({kind.says for kind in every}) == len(every)
