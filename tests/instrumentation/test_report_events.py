"""What is said of reports, besides what ``test_events`` says of every kind."""

from __future__ import annotations

from telemetryd.instrumentation.report_events import ReportDone, ReportFailed, ReportRemoved


def test_only_what_went_wrong_asks_for_attention() -> None:
    """A report that was made or removed is as it should be; one that could not be made is not."""
    assert (ReportDone.level, ReportRemoved.level, ReportFailed.level) == ("info", "info", "warning")
