"""Who is alive, judged by when things began."""

from __future__ import annotations

import pytest

from telemetryd.ingest.pace import Signs
from telemetryd.watchdog import stall


@pytest.mark.parametrize(
    "signs",
    [Signs(), Signs(waiting_since=40.0), Signs(waiting_since=40.0, disk_since=40.0), Signs(crowded_since=40.0)],
    ids=["idle", "busy", "writing", "crowded"],
)
def test_what_began_within_the_bound_is_no_stall(signs: Signs) -> None:
    """To the second."""
    assert stall(signs, now=100.0, longest=60.0) == ""


@pytest.mark.parametrize(
    ("signs", "told"),
    [
        (Signs(waiting_since=39.0), "events have been waiting for the recorder for 61 s"),
        (Signs(disk_since=30.0), "a write to the journal has not come back for 70 s"),
        (
            Signs(waiting_since=95.0, crowded_since=30.0),
            "there has been no room for events for 70 s, and the sealer has not come back from the disk",
        ),
        (Signs(waiting_since=10.0, disk_since=30.0), "a write to the journal has not come back for 70 s"),
    ],
    ids=["the recorder", "the disk", "the sealer", "the recorder, for the disk"],
)
def test_what_hangs_is_told_with_how_long(signs: Signs, told: str) -> None:
    """The cause comes before what follows from it."""
    assert stall(signs, now=100.0, longest=60.0) == told
