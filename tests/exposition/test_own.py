"""What the daemon tells of itself."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from telemetryd.exposition.facts import OwnFacts
from telemetryd.exposition.own import FAMILIES, own
from telemetryd.instrumentation.durations import BOUNDS, Durations

from .counting import Reloaded

STARTED = 1_700_000_000.5


def facts(**changes: Any) -> OwnFacts:
    durations = Durations()
    durations.add(0.02)
    durations.add(99.0)
    made = OwnFacts(
        version="1.2.3",
        ready=True,
        books={"received": 10, "stored": 5, "duplicate": 1, "rejected": 2, "discarded": 1, "in_flight": 1},
        rejected={"bad_value": 2},
        dropped=7,
        events={"Sealed": 3, "JournalFailed": 0},
        taken={
            "journal": Durations().taken(),
            "seal": durations.taken(),
            "query": Durations().taken(),
            "lag": Durations().taken(),
        },
        connections=4,
        producers=2,
        series=9,
        folded=1,
        head_rows=100,
        heads_waiting=1,
        sizes=lambda: (4096, 8192),
        reload=Reloaded(False, STARTED),
    )
    return replace(made, **changes)


def told(facts: OwnFacts) -> Mapping[str, list[Any]]:
    """Return labels and first values by the names of the samples; of a histogram all its columns."""
    found = {}
    for family, rows in own(facts):
        values = [column[0] for column in rows.columns] if family.bounds else list(rows.columns[0])
        found[family.sample_name] = [*rows.labels, *values]
    return found


def test_every_family_is_told_once_in_order() -> None:
    """Those of the process included."""
    assert [family for family, _ in own(facts())] == [*FAMILIES]


def test_the_books_are_told() -> None:
    """Rejections by reason; received is the sum of all else."""
    found = told(facts())
    words = ("received", "stored", "duplicate", "discarded", "folded", "dropped_by_producers")
    assert [found[f"telemetryd_events_{word}_total"] for word in words] == [[10], [5], [1], [1], [1], [7]]
    assert found["telemetryd_events_rejected_total"] == ['reason="bad_value"', 2]
    assert found["telemetryd_events_in_flight"] == [1]


def test_what_took_how_long_is_cumulated() -> None:
    """Up to each bound, the infinite one last, then the sum."""
    at = BOUNDS.index(0.025)
    expected = [0] * at + [1] * (len(BOUNDS) - at) + [2, 99.02]
    assert told(facts())["telemetryd_seal_duration_seconds"] == expected


def test_sizes_readiness_and_the_last_reload_are_told() -> None:
    """As zero or one, bytes, and Unix seconds."""
    found = told(facts())
    names = ("telemetryd_ready", "telemetryd_journal_bytes", "telemetryd_store_bytes", "telemetryd_connections")
    assert [found[name] for name in names] == [[1], [4096], [8192], [4]]
    assert found["telemetryd_config_last_reload_successful"] == [0]
    assert found["telemetryd_config_last_reload_success_timestamp_seconds"] == [STARTED]
    assert told(facts(ready=False))["telemetryd_ready"] == [0]


def test_what_cannot_be_asked_is_left_out() -> None:
    """A scrape is most needed where the disk fails or descriptors run out: the rest is told."""
    found = told(facts(sizes=lambda: (None, 8192)))
    assert "telemetryd_journal_bytes" not in found
    assert found["telemetryd_store_bytes"] == [8192]


def test_each_kind_of_internal_event_has_a_count_before_it_happens() -> None:
    """So that the first one is an increase."""
    found = told(facts())["telemetryd_internal_events_total"]
    assert found == ['event="JournalFailed"', 'event="Sealed"', 0, 3]


def test_the_release_is_a_label() -> None:
    """Of a value that is always one."""
    labels, value = told(facts())["telemetryd_build_info"]
    assert labels.startswith('version="1.2.3",python="3.')
    assert value == 1


def test_the_process_is_told_by_the_names_that_all_use() -> None:
    """Memory, processor time, descriptors, start."""
    descriptors = [len(os.listdir("/proc/self/fd"))]
    found = told(facts())
    # What other tests have left may be collected, and closed by that, in between.
    descriptors.append(len(os.listdir("/proc/self/fd")))
    assert min(descriptors) <= found["process_open_fds"][0] <= max(descriptors)
    # Before this test, and not before the machine.
    assert time.time() - 86_400 < found["process_start_time_seconds"][0] < time.time()
    assert 0 < found["process_resident_memory_bytes"][0] < found["process_virtual_memory_bytes"][0]
    assert found["process_cpu_seconds_total"][0] > 0
