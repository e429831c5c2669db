"""A recorder that hangs is missed, however well the rest of the daemon does."""

from __future__ import annotations

import json
import time

from tests.end_to_end.waiting import until
from tests.oracle.events import start

from .parent import Parent


def test_a_disk_that_does_not_come_back_ends_the_signs_of_life(parent: Parent) -> None:
    """The status, the log and the API say why; once the disk is back all goes on, and what waited is acknowledged."""
    parent.stop()
    parent.daemon.program = ("-m", "tests.end_to_end.slow_disk", "0")
    parent.start()
    parent.hear()
    stuck = parent.daemon.folder / "stuck"
    # A disk that others keep busy may have stalled before.
    before = len(parent.daemon.events("stalled"))
    stuck.touch()
    with parent.daemon.producer() as producer:
        producer.hello("wal")
        producer.batch(1, [start("1", time.time())])
        reason = "a write to the journal has not come back for "
        until(lambda: parent.status.startswith(f"stalled: {reason}"), "the stall to be told")
        parent.miss()
        (stalled,) = parent.daemon.events("stalled")[before:]
        assert stalled["reason"].startswith(reason) and stalled["level"] == "error"
        status, body = parent.fetch("/-/ready")
        assert status == 503 and reason in json.loads(body)["error"]
        stuck.unlink()
        producer.expect_ack(1)
    parent.hear()
    until(lambda: parent.status.startswith("API at "), "the status of a daemon that works")
    assert len(parent.daemon.events("makes progress again")) == len(parent.daemon.events("stalled"))


def test_a_clean_stop_is_told_first(parent: Parent) -> None:
    """Then what was taken is stored."""
    parent.stop()
    assert parent.states.index("READY=1") < parent.states.index("STOPPING=1")
    assert parent.status == "stopping: what was taken is stored"
