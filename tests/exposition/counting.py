"""A ledger whose heads are counted, as the daemon wires it, and what a text of ours says to a parser that is not."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from telemetryd.exposition.totals import Totals
from telemetryd.ingest.ledger import Ledger
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.events import Event
from telemetryd.model.settings import Settings
from tests.ingest.intake import HOUR, Quiet, change, start

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Reloaded(NamedTuple):
    """How the last reload went."""

    succeeded: bool
    succeeded_at: float


class Counting:
    """Events go in; ``totals`` are what is counted of them."""

    def __init__(self, **limits: int) -> None:
        settings = Settings()
        self.instrumentation = Instrumentation(Quiet())
        self.ledger = Ledger(replace(settings, live=replace(settings.live, **limits)), self.instrumentation)
        self.totals = Totals()
        self.ledger.leaving = self.totals.count

    def tell(self, *events: Event) -> None:
        """Apply events."""
        self.ledger.apply_events(events, "", 0, HOUR)

    def count(self) -> None:
        """Look at the head, as a scrape does."""
        self.totals.count(self.ledger.head)

    def entries(self, operation_type: str = "add", backend: str = "ipfs") -> list[int]:
        """Return the entries of a series by column, counted up to now."""
        self.count()
        return list(self.totals.counted().entries[self.number(operation_type, backend)])

    def number(self, operation_type: str = "add", backend: str = "ipfs") -> int:
        """Return the number of a series."""
        return self.ledger.tracker.series.numbers[operation_type, backend]


def life(operation_id: str, latency: float, end: str = "completed", operation_type: str = "add") -> tuple[Event, ...]:
    """Return the events of an operation that began with the hour."""
    began = start(operation_id, HOUR, operation_type)
    return began, change(operation_id, "processing", HOUR + latency / 2), change(operation_id, end, HOUR + latency)


def families(text: bytes, openmetrics: bool) -> dict[str, Metric]:
    """Return what a text says, by the names of its families; raises ValueError where it is not of its format."""
    parse = parse_openmetrics if openmetrics else parse_text
    return {family.name: family for family in parse(text.decode())}


def samples(found: dict[str, Metric]) -> Samples:
    """Return all samples, by name and labels; each is there once."""
    every = [(each.name, tuple(sorted(each.labels.items())), each.value) for m in found.values() for each in m.samples]
    told = {(name, labels): value for name, labels, value in every}
    assert len(told) == len(every)
    return told
