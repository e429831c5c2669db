"""What an examination finds, as plain values."""

from __future__ import annotations

import json

from telemetryd.examine.findings import PartsFound, Problem, Report, SegmentFound


def test_a_report_is_plain_data() -> None:
    """Everything it holds is in it, under words of its own, and JSON can tell it."""
    report = Report(
        "/store",
        held_by="17",
        segments=[SegmentFound("journal/1.active", 100, 1, 2, 3, 4, 5)],
        hours=1,
        parts={"events": PartsFound(1, 2, 3, 4), "rollups": PartsFound()},
        problems=[Problem("a", "wrong"), Problem("b", "wrong too", "set aside")],
        notes=[Problem("c", "odd")],
        quarantine=["quarantine/x"],
    )
    data = json.loads(json.dumps(report.as_data()))
    assert data["in_use_by_process"] == "17"
    assert data["clean"] is False
    assert data["problems"] == [
        {"path": "a", "found": "wrong", "mended": None},
        {"path": "b", "found": "wrong too", "mended": "set aside"},
    ]
    assert data["notes"] == [{"path": "c", "found": "odd"}]
    assert data["events"] == {"files": 1, "rows": 2, "bytes": 3, "unchecked": 4}
    assert data["journal"][0]["torn_bytes"] == 4


def test_a_report_without_problems_is_clean() -> None:
    """Notes are none."""
    assert Report("/store", notes=[Problem("c", "odd")]).clean
    assert Report("/store").as_data()["in_use_by_process"] is None
