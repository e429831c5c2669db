"""Events are frozen, and every word has its code."""

from __future__ import annotations

import pytest

from telemetryd.model import events
from telemetryd.model.events import (
    CODE_OF_STATE,
    EVENTS,
    HEALTH_VALUES,
    HEALTHS,
    IN_FLIGHT_STATUSES,
    NO_STATE,
    STATES,
    STATUSES,
    TERMINAL_STATUSES,
    UNPLACED,
    BackendHealthChange,
    OperationStart,
    StatusChange,
)


@pytest.mark.parametrize("word", EVENTS)
def test_an_events_code_is_its_place_in_the_table(word: str) -> None:
    """The constants name the places."""
    assert EVENTS[getattr(events, word.upper())] == word


@pytest.mark.parametrize("word", STATES[:-1])
def test_a_states_code_is_its_place_in_the_table(word: str) -> None:
    """Statuses and healths share one table of codes."""
    assert STATES[getattr(events, word.upper())] == word
    assert CODE_OF_STATE[word] == getattr(events, word.upper())


def test_statuses_are_in_flight_or_terminal_and_healths_are_neither() -> None:
    """The table is cut in three, without rest."""
    assert STATUSES == IN_FLIGHT_STATUSES + TERMINAL_STATUSES
    assert STATES == STATUSES + HEALTHS


def test_no_state_is_no_code_of_a_state() -> None:
    """What is absent cannot be taken for a status."""
    assert len(STATES) < UNPLACED < NO_STATE < 256


def test_unknown_health_has_no_value() -> None:
    """It leaves a gap."""
    assert {STATES[code]: value for code, value in HEALTH_VALUES.items()} == {
        "online": 1.0,
        "degraded": 0.5,
        "offline": 0.0,
    }


@pytest.mark.parametrize(
    "event",
    [
        OperationStart("a", "add", "ipfs", 1.0),
        StatusChange("a", "failed", 1.0),
        BackendHealthChange("ipfs", "online", 1.0),
    ],
)
def test_an_event_never_changes(event: events.Event) -> None:
    """Values are frozen."""
    with pytest.raises(AttributeError):
        event.timestamp = 2.0  # type: ignore[misc]
