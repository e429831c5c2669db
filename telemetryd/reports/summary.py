"""What ``report.json`` tells besides the state of the report: every figure as a number."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .facts import Facts
from .findings import findings
from .names import text
from .tables import rows_of
from .totals import Totals


def content(facts: Facts) -> dict[str, Any]:
    """Return the summary and the tables of a range; times in Unix s, lengths in s, rates between 0 and 1."""
    return {"interval": facts.interval, "summary": summary(facts), "tables": rows_of(facts)}


def summary(facts: Facts) -> dict[str, Any]:
    """Return the figures of a range, beside those of the period before where they can be compared."""
    slowest = next(iter(facts.totals.timed()), None)
    peak = facts.queue.peak
    return {
        "operations": _operations(facts.totals),
        "operations_before": None if facts.before is None else _operations(facts.before),
        "not_compared": facts.incomparable or None,
        "slowest": None
        if slowest is None
        else {**slowest.key._asdict(), "percentile_95": slowest.percentile_95, "count": slowest.latencies},
        "queue": {
            "peak": None if peak is None else peak.value,
            "peak_time": None if peak is None else peak.start,
            "median": facts.queue.usual,
            "last": facts.queue.last,
        },
        "errors": [{"error_type": word, "count": count} for word, count in facts.error_types()],
        "errors_of": len(facts.failed),
        "backends": [asdict(each) for each in facts.healths],
        "health_interval": facts.health_interval,
        "records_begin": facts.records_begin,
        "findings": [
            {"weight": each.weight, "title": text(each.title), "says": text(each.says)} for each in findings(facts)
        ],
    }


def _operations(totals: Totals) -> dict[str, Any]:
    return {
        "started": totals.started,
        "ended": totals.ended,
        "completed": totals.completed,
        "failed": totals.failed,
        "success_rate": totals.success_rate,
        "retries": totals.retries,
        "throughput": totals.throughput,
    }
