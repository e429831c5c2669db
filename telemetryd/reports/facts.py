"""All that a report knows, before it is put into words: what was asked, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telemetryd.model.timerange import TimeRange
from telemetryd.query.result import Result

from .curves import Curve, known_since, queue_curve, throughput_curve
from .outages import BackendHealth, healths
from .questions import Questions
from .totals import Totals
from .wording import counted, instant, period_before

# An operation that failed without saying why.
NO_ERROR_TYPE = "no error type given"
# A range of which as much is over is compared in counts, too.
_OVER = 0.99


@dataclass(frozen=True, slots=True)
class Answers:
    """What the engine answered: results as :class:`Questions` asks for them, operations as ``GET /operations`` has them."""

    samples: Result
    totals: Result
    health: Result
    totals_before: Result | None
    queue_before: Result | None
    slowest: Sequence[dict[str, Any]]
    failed: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Facts:
    """One range in numbers: ``interval`` and ``health_interval`` in s, ``now`` in Unix s.

    ``before`` and ``queue_before`` are of the period of equal length before, None where a comparison
    would not be fair, which ``incomparable`` says in a sentence. ``records_begin`` (Unix s) is None
    where they begin before the range, or nothing is recorded at all.
    """

    span: TimeRange
    now: float
    interval: int
    totals: Totals
    queue: Curve
    throughput: Curve
    healths: tuple[BackendHealth, ...]
    health_interval: int
    slowest: tuple[dict[str, Any], ...]
    failed: tuple[dict[str, Any], ...]
    before: Totals | None
    queue_before: Curve | None
    incomparable: str
    records_begin: float | None

    @classmethod
    def of(cls, questions: Questions, answers: Answers, retention_days: int) -> Facts:
        """Return the facts of a range; the period before counts only where all of it is still there."""
        samples = answers.samples
        incomparable = _incomparable(questions, answers, retention_days)
        comparable = not incomparable
        since = known_since(samples)
        return cls(
            span=questions.span,
            now=samples.now,
            interval=samples.interval,
            totals=Totals.of(answers.totals),
            queue=queue_curve(samples),
            throughput=throughput_curve(samples),
            healths=healths(answers.health),
            health_interval=answers.health.interval,
            slowest=tuple(answers.slowest),
            failed=tuple(answers.failed),
            before=Totals.of(answers.totals_before) if comparable and answers.totals_before else None,
            queue_before=queue_curve(answers.queue_before) if comparable and answers.queue_before else None,
            incomparable=incomparable,
            records_begin=since if since is not None and since > questions.span.start else None,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is known of the range."""
        return self.totals.is_empty and not len(self.queue) and not self.healths

    @property
    def is_over(self) -> bool:
        """Whether (nearly) all of the range has passed, so that its counts can be compared."""
        return self.totals.seconds >= _OVER * self.span.seconds

    def error_types(self) -> list[tuple[str, int]]:
        """Return why operations failed, of those that can be looked at, the most frequent first."""
        found = Counter(each["error_type"] or NO_ERROR_TYPE for each in self.failed)
        return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def _incomparable(questions: Questions, answers: Answers, retention_days: int) -> str:
    """Return why the period before cannot be compared with, as a sentence; empty where it can."""
    before = answers.queue_before
    if questions.before is None or before is None or answers.totals_before is None:
        return "There is no period of equal length before this one."
    period = period_before(questions.before.seconds)
    since = known_since(before)
    if since is None:
        return f"Nothing is recorded of {period}."
    if not questions.is_kept_before(answers.samples.now, retention_days):
        return f"Of {period} a part is older than the retention of {counted(retention_days, 'day')}, and gone: no comparison."
    if since > questions.before.start:
        return f"The records begin at {instant(since)} UTC, within {period}: no comparison."
    return ""
