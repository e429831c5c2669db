"""What becomes of submissions that are recorded together, and how their senders hear of it."""

from __future__ import annotations

from collections.abc import Sequence

from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import StorageUnavailable

from .producers import Producers, Verdict
from .submission import Respondent, Submission


class Verdicts:
    """Judges groups of submissions, enters them in the books, and answers."""

    def __init__(self, producers: Producers, instrumentation: Instrumentation) -> None:
        self._producers = producers
        self._instrumentation = instrumentation

    def judge(self, group: Sequence[Submission], *, enabled: bool) -> list[Verdict]:
        """Return a verdict for each; batches of a group are judged as if those before them were stored."""
        fresh = Verdict.STORE if enabled else Verdict.DISCARD
        last: dict[str, int] = {}
        verdicts = []
        for each in group:
            verdict = fresh
            if each.number:
                known = last.get(each.producer)
                known = self._producers.named(each.producer).last_batch if known is None else known
                verdict = self._producers.judge(each.producer, each.number, known)
                if verdict is Verdict.STORE:
                    verdict = fresh
                    last[each.producer] = each.number
            verdicts.append(verdict)
        return verdicts

    def refuse_all(self, group: Sequence[Submission], error: str) -> None:
        """Tell everyone that nothing is stored; duplicates too, for an answer must not overtake another."""
        for each in group:
            if each.number:
                self._producers.refused(each.producer, each.number)
            self._refuse(each, error)

    def answer(self, group: Sequence[Submission], verdicts: Sequence[Verdict]) -> None:
        """Enter each submission in the books and answer it; one acknowledgement a respondent."""
        acknowledged: dict[Respondent, int] = {}
        for each, verdict in zip(group, verdicts, strict=True):
            if verdict is Verdict.REFUSE:
                self._refuse(
                    each, f"batch {self._producers.named(each.producer).awaited} was refused and has to come first"
                )
                continue
            if verdict is not Verdict.STORE and each.number:
                self._producers.stored(each.producer, each.number)
            word = {Verdict.STORE: "stored", Verdict.DUPLICATE: "duplicate", Verdict.DISCARD: "discarded"}[verdict]
            self._instrumentation.settle(word, len(each.events))
            if each.number:
                acknowledged[each.respondent] = each.number
        for respondent, number in acknowledged.items():
            respondent.acknowledge(number)
        # Whoever has ended hangs up once all is settled, so that comes last.
        for each, verdict in zip(group, verdicts, strict=True):
            if verdict is not Verdict.REFUSE:
                each.respondent.settled(each.size)

    def _refuse(self, submission: Submission, error: str) -> None:
        self._instrumentation.reject(StorageUnavailable.word, len(submission.events))
        submission.respondent.refuse(submission.number, error, StorageUnavailable.retry_after)
        submission.respondent.settled(submission.size)
