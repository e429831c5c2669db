"""What is handed in never changes on its way."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from telemetryd.model.codec import Batch, decode_frame

from .intake import HOUR, Answers, change


async def test_a_submission_never_changes() -> None:
    """It may wait for the disk while others come."""
    submission = Answers().submission([], number=1)
    with pytest.raises(FrozenInstanceError):
        submission.number = 2  # type: ignore[misc]


async def test_the_frame_holds_exactly_the_events() -> None:
    """For the frame is what the journal keeps and a replay reads."""
    submission = Answers().submission([change("a", "completed", HOUR + 1.0)], number=7)
    assert decode_frame(submission.frame) == Batch(7, list(submission.events))
    assert submission.size == len(submission.frame)
