"""How much is measured: enough to rely on, enough to look at, or just enough to see that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of rounds, operations and days of each row."""

    # hooks, producer
    call_rounds: int = 5
    call_operations: int = 10_000
    paced_seconds: float = 2.0
    paced_rate: int = 1_000
    # ingest
    ingest_rounds: int = 3
    ingest_operations: int = 300_000
    # queries, start
    query_rounds: int = 3
    days: int = 30
    operations_a_day: int = 1_000_000
    # realtime
    realtime_rounds: int = 5
    realtime_requests: int = 300
    realtime_operations: int = 200_000
    # size: an hour of a million operations a day
    size_operations: int = 41_667
    # growth
    growth_rounds: int = 5
    growth_days: tuple[int, ...] = (1, 10, 30, 365)
    growth_operations_a_day: int = 2_400
    # Operation types and backends: their product is the number of series.
    growth_series: tuple[tuple[int, int], ...] = ((5, 2), (20, 5), (100, 10))
    growth_series_operations: int = 100_000
    growth_ingest_operations: int = 50_000


FULL = Sizes()
QUICK = Sizes(
    call_rounds=3,
    call_operations=3_000,
    paced_seconds=0.5,
    ingest_rounds=1,
    ingest_operations=60_000,
    query_rounds=3,
    days=2,
    operations_a_day=100_000,
    realtime_rounds=2,
    realtime_requests=100,
    realtime_operations=40_000,
    size_operations=10_000,
    growth_rounds=2,
    growth_days=(1, 10),
    growth_operations_a_day=240,
    growth_series=((5, 2), (20, 5)),
    growth_series_operations=10_000,
    growth_ingest_operations=10_000,
)
TINY = Sizes(
    call_rounds=1,
    call_operations=200,
    paced_seconds=0.1,
    paced_rate=200,
    ingest_rounds=1,
    ingest_operations=2_000,
    query_rounds=1,
    days=1,
    operations_a_day=2_400,
    realtime_rounds=1,
    realtime_requests=10,
    realtime_operations=2_000,
    size_operations=2_000,
    growth_rounds=1,
    growth_days=(1, 2),
    growth_operations_a_day=240,
    growth_series=((2, 2), (4, 4)),
    growth_series_operations=480,
    growth_ingest_operations=1_000,
)
