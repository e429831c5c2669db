"""What goes to the process that draws."""

from __future__ import annotations

import msgspec
import numpy as np

from telemetryd.charts.drawing import Drawing, Look
from telemetryd.model.series import SeriesKey
from telemetryd.query.request import MetricsRequest
from telemetryd.query.result import MetricTable, Result

NOW = 7200.0


def test_a_drawing_holds_what_is_shown_and_survives_the_wire() -> None:
    """The samples come back as they were; statistics that no chart shows are left out."""
    mean = np.array([1.0, np.nan, 3.0])
    statistics = {"count": np.array([1, 2, 3]), "median": mean, "percentile_95": mean * 2, "sum": mean}
    keys = (SeriesKey("add", "ipfs"), SeriesKey("get", "s3"))
    table = MetricTable(keys, np.array([0, 0, 1], np.int32), np.array([0, 60, 0]), statistics)
    request = MetricsRequest.parse({"backend": "ipfs", "end_time": "7200"}, now=NOW, sampling_interval=60)
    result = Result(0, 7200, 60, {"operation_latency": table}, NOW)
    sent = Drawing.of(request, result, "operation_latency", Look(400, 300, "dark"))
    drawing = msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=Drawing)
    assert drawing == sent
    assert (drawing.backend, drawing.operation_type, drawing.look.theme) == ("ipfs", None, "dark")
    assert drawing.keys == (("add", "ipfs"), ("get", "s3"))
    assert np.frombuffer(drawing.series, np.int32).tolist() == [0, 0, 1]
    assert np.frombuffer(drawing.timestamp, np.int64).tolist() == [0, 60, 0]
    assert list(drawing.statistics) == ["count", "median", "percentile_95"]
    np.testing.assert_array_equal(np.frombuffer(drawing.statistics["median"]), mean)


def test_health_is_kept_by_backend_alone() -> None:
    """A key of the backends' health is a tuple of one name."""
    table = MetricTable(("ipfs",), np.zeros(1, np.int32), np.zeros(1, np.int64), {"mean": np.ones(1)})
    request = MetricsRequest.parse({"end_time": "60"}, now=NOW, sampling_interval=60)
    result = Result(0, 60, 60, {"backend_health": table}, NOW)
    assert Drawing.of(request, result, "backend_health", Look()).keys == (("ipfs",),)
