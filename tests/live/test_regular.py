"""A regular operation is unfolded into all that the rows which are not sealed tell of it."""

from __future__ import annotations

import math

import pytest

from telemetryd.live.operation import SETTLED, Operation, Step
from telemetryd.live.regular import Regular, Unsealed
from telemetryd.live.rows import Rows
from telemetryd.model.events import COMPLETED, NO_STATE, PENDING, PROCESSING, UNPLACED

STARTED = Step(1.0, PENDING, 5, NO_STATE, PENDING, PENDING)
PROCESSED = Step(2.0, PROCESSING, 6, PENDING, PROCESSING, PROCESSING)
ENDED = Step(4.0, COMPLETED, 7, PROCESSING, COMPLETED, NO_STATE)


def rows(*steps: tuple[int, int, float, int]) -> Rows:
    """Return rows of the status, the one before, the timestamp and the sequence of the row before."""
    made = Rows.at([0.0] * len(steps), ["a"] * len(steps))
    for at, (status, previous, before, link) in enumerate(steps):
        made.status[at], made.previous[at], made.before[at], made.link[at] = status, previous, before, link
    return made


LIFE = (PENDING, NO_STATE, -math.inf, 0), (PROCESSING, PENDING, 1.0, 5), (COMPLETED, PROCESSING, 2.0, 6)
END = Regular(3, 1.0, 4.0, 7, COMPLETED, 2, 9.0)


@pytest.mark.parametrize("here", range(4))
def test_all_steps_come_back_whether_their_batch_is_through_or_under_way(here: int) -> None:
    """Each with its row, and the operation as if it had been followed from the first."""
    unsealed = Unsealed()
    unsealed.forget(4)
    unsealed.add(rows(*LIFE[:here]))
    found = unsealed.unfold(END, rows(*LIFE[here:]))
    expected = Operation(3, True, False, 1.0, COMPLETED, NO_STATE, 4.0, [STARTED, PROCESSED, ENDED], ENDED, 3.0, 9.0, 2)
    assert found == expected


@pytest.mark.parametrize(("sealed", "kept"), [(5, [PROCESSED, ENDED]), (6, [ENDED]), (7, [])])
def test_of_what_is_sealed_the_last_step_is_left(sealed: int, kept: list[Step]) -> None:
    """It holds its place in time, so that what comes late is not put before it."""
    unsealed = Unsealed()
    unsealed.forget(sealed)
    unsealed.add(rows(*LIFE[sealed - 4 :]))
    last, *steps = unsealed.unfold(END, rows()).steps
    assert steps == kept
    whole = (STARTED, PROCESSED, ENDED)[sealed - 5]
    assert last == whole._replace(sequence=SETTLED, previous=UNPLACED)


def test_one_in_flight_holds_its_place_and_has_no_end() -> None:
    """Its latency is not known yet."""
    unsealed = Unsealed()
    unsealed.forget(4)
    found = unsealed.unfold(Regular(3, 1.0, 1.0, 5), rows(LIFE[0]))
    assert (found.placed, found.end, found.steps) == (PENDING, None, [STARTED])
    assert math.isnan(found.latency)
