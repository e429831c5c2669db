"""What a window tells, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from telemetryd.live.window import Window
from telemetryd.model.events import COMPLETED, FAILED


@dataclass
class Told:
    """What a window tells of one series."""

    completed: int
    failed: int
    count: int
    sum: float
    minimum: float
    maximum: float
    buckets: dict[int, int]


def tell(window: Window, now: float, seconds: float) -> dict[int, Told]:
    """Return what the last ``seconds`` tell, by the number of a series."""
    cells = window.cells(now, seconds)
    return {
        series: Told(
            int(cells.entries[at, COMPLETED]),
            int(cells.entries[at, FAILED]),
            int(cells.count[at]),
            float(cells.sum[at]),
            float(cells.minimum[at]),
            float(cells.maximum[at]),
            dict(
                zip(
                    cells.bucket[cells.offset[at] : cells.offset[at + 1]].tolist(),
                    cells.bucket_count[cells.offset[at] : cells.offset[at + 1]].tolist(),
                    strict=True,
                )
            ),
        )
        for at, series in enumerate(cells.series.tolist())
    }
