"""What becomes of submissions that are recorded together, and how their senders hear of it."""

from __future__ import annotations

import pytest

from telemetryd.ingest.producers import Producers, Verdict
from telemetryd.ingest.verdicts import Verdicts
from telemetryd.instrumentation import Instrumentation

from .intake import Answers, Quiet, start


@pytest.fixture
def producers() -> Producers:
    return Producers(10)


@pytest.fixture
def instrumentation() -> Instrumentation:
    return Instrumentation(Quiet())


@pytest.fixture
def verdicts(producers: Producers, instrumentation: Instrumentation) -> Verdicts:
    return Verdicts(producers, instrumentation)


def batches(answers: Answers, *numbers: int) -> list:
    return [answers.submission([start("a", 1.0)], number) for number in numbers]


def test_a_number_that_comes_twice_in_a_group_is_stored_once(verdicts: Verdicts) -> None:
    """Batches are judged as if those before them in the group were on disk."""
    group = batches(Answers(), 1, 2, 2, 1)
    expected = [Verdict.STORE, Verdict.STORE, Verdict.DUPLICATE, Verdict.DUPLICATE]
    assert verdicts.judge(group, enabled=True) == expected


def test_plain_lines_are_never_duplicates(verdicts: Verdicts) -> None:
    """They have no number to be known by."""
    assert verdicts.judge(batches(Answers(), 0, 0), enabled=True) == [Verdict.STORE, Verdict.STORE]


def test_what_is_not_wanted_is_discarded(verdicts: Verdicts) -> None:
    """A duplicate stays one."""
    assert verdicts.judge(batches(Answers(), 1, 1, 0), enabled=False) == [
        Verdict.DISCARD,
        Verdict.DUPLICATE,
        Verdict.DISCARD,
    ]


def test_one_acknowledgement_tells_of_all_batches_of_a_group(
    verdicts: Verdicts, instrumentation: Instrumentation
) -> None:
    """The last number says it for those before it."""
    answers = Answers()
    group = batches(answers, 1, 2, 3)
    instrumentation.receive(3)
    verdicts.answer(group, verdicts.judge(group, enabled=True))
    assert answers.told == [("ack", 3)]
    assert instrumentation.balance()["stored"] == 3
    assert instrumentation.in_flight == 0


def test_after_a_refusal_later_batches_are_refused_until_it_comes_again(
    verdicts: Verdicts, producers: Producers, instrumentation: Instrumentation
) -> None:
    """Else a later one on disk would make the refused one look like a duplicate."""
    answers = Answers()
    verdicts.refuse_all(batches(answers, 1), "the disk is full")
    assert verdicts.judge(batches(answers, 2), enabled=True) == [Verdict.REFUSE]
    assert verdicts.judge(batches(answers, 1, 2), enabled=True) == [Verdict.STORE, Verdict.STORE]
    assert instrumentation.rejected == {"storage_unavailable": 1}
