"""A process that draws what a test asks for: the worker, with other figures.

A figure's operation type says what happens while it is made, see :func:`figure_for`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from telemetryd.charts.drawing import Drawing, Look
from telemetryd.charts.worker import main

COMMAND = (sys.executable, "-P", "-m", "tests.charts.stand_in")


def drawing(does: str = "", width: int = 400, height: int = 300) -> Drawing:
    """Return a drawing without samples."""
    look = Look(width, height)
    return Drawing("queue_size", does, None, None, 0, 3600, 60, 3600.0, (), b"", b"", {}, look, "UTC", 0)


def figure_for(drawing: Drawing, form: str) -> dict[str, Any]:
    """Return a figure with some points, a lot of them where it is ``heavy``; ``hang``, ``die`` or be ``wrong``."""
    match drawing.operation_type:
        case "hang":
            time.sleep(3600)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "wrong":
            raise ValueError("a fault of ours")
    points = 12_000 if drawing.operation_type == "heavy" else 3
    trace = {"type": "scatter", "mode": "markers", "y": [point % 7 for point in range(points)]}
    return {"data": [trace], "layout": {"title": {"text": drawing.metric_type}}}


if __name__ == "__main__":
    main(sys.argv[1:], load=lambda: figure_for)
