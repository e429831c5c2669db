"""One statement logs and counts, and the books add up."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import Draining, OperationsExpired, Refused, TaskFailed


class Lines:
    """A logger that keeps what it is told, as (level, line, values)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda line, **values: self.lines.append((level, line, values))


def test_an_event_is_logged_at_its_level_with_its_values_and_counted() -> None:
    """In one statement."""
    log = Lines()
    instrumentation = Instrumentation(log)
    instrumentation.emit(Draining("SIGTERM"))
    instrumentation.emit(TaskFailed("recorder", "OSError: gone"))
    assert log.lines == [
        ("info", "draining", {"kind": "Draining", "signal": "SIGTERM"}),
        ("critical", "task failed", {"kind": "TaskFailed", "task": "recorder", "error": "OSError: gone"}),
    ]
    assert instrumentation.counts == {"Draining": 1, "TaskFailed": 1}


def test_a_quiet_kind_is_logged_the_first_tenth_and_hundredth_time() -> None:
    """A producer cannot fill the log; every one is counted, and a line says how many there were so far."""
    log = Lines()
    instrumentation = Instrumentation(log)
    for _ in range(1234):
        instrumentation.emit(Refused("not_json", "expected JSON"))
    assert [values["so_far"] for _, _, values in log.lines] == [1, 10, 100, 1000]
    assert instrumentation.counts["Refused"] == 1234


def test_quiet_kinds_are_counted_apart() -> None:
    """One that is common does not hide another's first."""
    log = Lines()
    instrumentation = Instrumentation(log)
    for _ in range(5):
        instrumentation.emit(Refused("not_json", "expected JSON"))
    instrumentation.emit(OperationsExpired(3))
    assert [line for _, line, _ in log.lines] == ["rejected", "operations expired"]


@given(st.lists(st.tuples(st.sampled_from(["stored", "duplicate", "discarded", "rejected"]), st.integers(0, 9))))
def test_the_books_add_up(verdicts: list[tuple[str, int]]) -> None:
    """Received is stored, duplicate, rejected, discarded and in flight, together."""
    instrumentation = Instrumentation(Lines())
    instrumentation.receive(1000)
    for verdict, events in verdicts:
        if verdict == "rejected":
            instrumentation.reject("too_old", events)
        else:
            instrumentation.settle(verdict, events)
    assert instrumentation.in_flight == 1000 - sum(events for _, events in verdicts)
    assert instrumentation.books["rejected"] == instrumentation.rejected["too_old"]


def test_rejections_are_kept_by_reason() -> None:
    """And summed in the books."""
    instrumentation = Instrumentation(Lines())
    instrumentation.reject("not_json")
    instrumentation.reject("too_old", 3)
    assert instrumentation.rejected == {"not_json": 1, "too_old": 3}
    assert instrumentation.books["rejected"] == 4


def test_what_took_how_long_is_kept_by_its_kind() -> None:
    """Each has its own histogram, from the start on."""
    instrumentation = Instrumentation(Lines())
    instrumentation.took("seal", 0.5)
    sums = {what: durations.taken().sum for what, durations in instrumentation.durations.items()}
    assert sums == {"journal": 0.0, "seal": 0.5, "query": 0.0, "lag": 0.0}


def test_every_kind_of_internal_event_is_counted_from_zero() -> None:
    """Those that have not come are there as well."""
    instrumentation = Instrumentation(Lines())
    instrumentation.emit(Draining("SIGTERM"))
    events = instrumentation.events()
    assert (events["Draining"], events["TaskFailed"], events["Refused"]) == (1, 0, 0)
    assert list(events) == sorted(events)
