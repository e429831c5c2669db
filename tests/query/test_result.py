"""What a query gives."""

from __future__ import annotations

import numpy as np

from telemetryd.query.result import MetricTable, Result


def test_a_table_is_as_long_as_its_timestamps() -> None:
    """Tables count samples, not series or statistics."""
    timestamp = np.array([0, 60, 0], np.int64)
    table = MetricTable(("ipfs", "s3"), np.array([0, 0, 1], np.int32), timestamp, {"mean": np.ones(3)})
    assert len(table) == 3
    assert Result(0, 120, 60, {"backend_health": table}, 120.5).metrics["backend_health"] is table
