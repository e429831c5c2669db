"""The families that tell of the daemon itself, each with how it is told."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from telemetryd.instrumentation.durations import BOUNDS, Taken

from .facts import OwnFacts
from .family import Family, Rows
from .labels import label_text
from .resources import Resources

Value: TypeAlias = int | float | Taken


@dataclass(frozen=True, slots=True)
class Told:
    """A family and its value; of one with labels, the values by those of the labels."""

    family: Family
    value: Callable[[OwnFacts], Value | Mapping[tuple[str, ...], Value]]


def _books(word: str) -> Callable[[OwnFacts], int]:
    return lambda own: own.books[word]


def _taken(word: str) -> Callable[[OwnFacts], Taken]:
    return lambda own: own.taken[word]


OWN = (
    Told(
        Family("telemetryd_build", "info", "The release that runs.", ("version", "python")),
        lambda own: {(own.version, platform.python_version()): 1},
    ),
    Told(
        Family("telemetryd_ready", "gauge", "Whether the daemon does its job, as /-/ready says: 1 or 0."),
        lambda own: int(own.ready),
    ),
    Told(Family("telemetryd_events_received", "counter", "Events that came in."), _books("received")),
    Told(Family("telemetryd_events_stored", "counter", "Events that are on disk."), _books("stored")),
    Told(Family("telemetryd_events_duplicate", "counter", "Events that had been stored before."), _books("duplicate")),
    Told(
        Family("telemetryd_events_rejected", "counter", "Events and lines that were not taken.", ("reason",)),
        lambda own: {(reason,): number for reason, number in sorted(own.rejected.items())},
    ),
    Told(
        Family("telemetryd_events_discarded", "counter", "Events that came while telemetry.enabled was off."),
        _books("discarded"),
    ),
    Told(
        Family("telemetryd_events_in_flight", "gauge", "Events received whose fate is not settled yet."),
        _books("in_flight"),
    ),
    Told(
        Family("telemetryd_events_dropped_by_producers", "counter", "Events that producers say they had to drop."),
        lambda own: own.dropped,
    ),
    Told(
        Family("telemetryd_connections", "gauge", "Connections open at the ingest socket."),
        lambda own: own.connections,
    ),
    Told(
        Family("telemetryd_producers", "gauge", "Producers whose last batch number is remembered."),
        lambda own: own.producers,
    ),
    Told(
        Family("telemetryd_series", "gauge", "Pairs of operation type and backend that are kept apart."),
        lambda own: own.series,
    ),
    Told(
        Family("telemetryd_events_folded", "counter", "Events of types or backends beyond the limits, told as other."),
        lambda own: own.folded,
    ),
    Told(
        Family("telemetryd_head_rows", "gauge", "Rows in memory that no frozen head holds yet."),
        lambda own: own.head_rows,
    ),
    Told(
        Family("telemetryd_heads_waiting", "gauge", "Frozen heads that wait to be sealed."),
        lambda own: own.heads_waiting,
    ),
    Told(
        Family(
            "telemetryd_journal_write_duration_seconds",
            "histogram",
            "Calls to the disk for the journal: a write with its sync, a segment begun or ended.",
            bounds=BOUNDS,
        ),
        _taken("journal"),
    ),
    Told(
        Family("telemetryd_seal_duration_seconds", "histogram", "Sealing a head into parts.", bounds=BOUNDS),
        _taken("seal"),
    ),
    Told(
        Family("telemetryd_query_duration_seconds", "histogram", "Queries, waiting included.", bounds=BOUNDS),
        _taken("query"),
    ),
    Told(
        Family(
            "telemetryd_event_loop_lag_seconds",
            "histogram",
            "How late the event loop was, twice a second.",
            bounds=BOUNDS,
        ),
        _taken("lag"),
    ),
    Told(
        Family("telemetryd_config_last_reload_successful", "gauge", "Whether the last reload was taken: 1 or 0."),
        lambda own: int(own.reload.succeeded),
    ),
    Told(
        Family(
            "telemetryd_config_last_reload_success_timestamp_seconds",
            "gauge",
            "When settings were last read and taken, in Unix seconds; the start counts.",
        ),
        lambda own: own.reload.succeeded_at,
    ),
    Told(
        Family("telemetryd_internal_events", "counter", "What the daemon said of itself, by kind.", ("event",)),
        lambda own: {(kind,): number for kind, number in sorted(own.events.items())},
    ),
)
JOURNAL_BYTES = Family("telemetryd_journal_bytes", "gauge", "Size of the journal on disk.")
STORE_BYTES = Family("telemetryd_store_bytes", "gauge", "Size of all parts on disk.")
CPU = Family("process_cpu_seconds", "counter", "Processor time, of the user and of the system.")
RESIDENT = Family("process_resident_memory_bytes", "gauge", "Memory in use.")
VIRTUAL = Family("process_virtual_memory_bytes", "gauge", "Address space in use.")
PROCESS_START = Family("process_start_time_seconds", "gauge", "When the daemon started, in Unix seconds.")
OPEN_FDS = Family("process_open_fds", "gauge", "File descriptors open.")
MAX_FDS = Family("process_max_fds", "gauge", "File descriptors that may be open.")

FAMILIES = (
    *(told.family for told in OWN),
    JOURNAL_BYTES,
    STORE_BYTES,
    CPU,
    RESIDENT,
    VIRTUAL,
    PROCESS_START,
    OPEN_FDS,
    MAX_FDS,
)


def own(facts: OwnFacts) -> Iterator[tuple[Family, Rows]]:
    """Yield every family with its rows; asks the disk and the system, so not on the event loop.

    What they do not tell is left out.
    """
    for told in OWN:
        yield told.family, _rows(told.family, told.value(facts))
    journal, store = facts.sizes()
    used = Resources.used()
    for family, value in (
        (JOURNAL_BYTES, journal),
        (STORE_BYTES, store),
        (CPU, used.cpu),
        (RESIDENT, used.resident),
        (VIRTUAL, used.virtual),
        (PROCESS_START, used.started),
        (OPEN_FDS, used.open_files),
        (MAX_FDS, used.max_files),
    ):
        if value is not None:
            yield family, _rows(family, value)


def _rows(family: Family, value: Value | Mapping[tuple[str, ...], Value]) -> Rows:
    if isinstance(value, Taken):
        return Rows((), [*([count] for count in accumulate(value.counts)), [value.sum]])
    if isinstance(value, Mapping):
        return Rows([label_text(family.labels, labels) for labels in value], [[*value.values()]])  # type: ignore[list-item]
    return Rows((), [[value]])
