"""A short campaign of each kind; ``scripts/torture`` runs longer ones."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.random_history import new_seed

from .account import Account
from .campaign import Campaign
from .raw_producer import Lines

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(("cycles", "fault_chance"), [(12, 0.0), (8, 0.01)], ids=["sound disk", "failing disk"])
def test_acknowledged_is_stored_once_however_often_the_daemon_is_killed(
    short_path: Path, cycles: int, fault_chance: float
) -> None:
    """Every acknowledged event is in the parts, once; every count and latency is right; the books and fsck agree."""
    outcome = Campaign(short_path, cycles, new_seed(), fault_chance=fault_chance).run()
    assert outcome.failures == []
    assert outcome.account.acknowledged > 0
    assert outcome.answers > 0
    assert (outcome.faults > 0) == (fault_chance > 0)


def test_the_account_tells_what_is_lost_stored_twice_and_invented() -> None:
    """Otherwise no campaign could fail."""
    events = {(f"op-{number}", "") for number in range(5)}
    account = Account()
    stored = Counter({("op-0", ""): 1, ("op-1", ""): 1, ("op-2", ""): 3, ("op-4", ""): 1, ("op-9", ""): 1})
    account.add("wal", events - {("op-4", "")}, events, stored)
    assert (account.acknowledged, account.stored) == (4, 7)
    assert (account.lost, account.duplicated, account.invented) == (1, 2, 1)
    assert len(account.examples) == 3


def test_a_producer_hears_every_answer_that_came_in_one_piece() -> None:
    """Otherwise the last acknowledgement may lie unread for ever, and the campaign blame the daemon."""
    daemon, producer = socket.socketpair()
    with daemon, producer:
        lines = Lines(producer)
        daemon.sendall(b'{"ack":1}\n{"ack":2}\n{"a')
        assert lines.receive() == [{"ack": 1}, {"ack": 2}]
        daemon.sendall(b'ck":3}\n')
        assert lines.receive() == [{"ack": 3}]
        daemon.close()
        with pytest.raises(ConnectionError):
            lines.receive()
