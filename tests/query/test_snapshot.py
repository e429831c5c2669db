"""The still picture that queries read."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from telemetryd.query.snapshot import OperationInFlight, Snapshot


def test_a_snapshot_never_changes() -> None:
    """Nobody can put another value into a picture that a query is reading."""
    snapshot = Snapshot(0.0, 60, (), {}, {}, {}, {}, {}, list)
    with pytest.raises(FrozenInstanceError):
        snapshot.now = 1.0  # type: ignore[misc]


def test_operations_are_listed_when_they_are_asked_for() -> None:
    """Taking a snapshot does not walk through what is in flight; the query does."""
    running = [OperationInFlight("a", "add", "ipfs", "pending", 1.0, 1.0, 0)]
    snapshot = Snapshot(0.0, 60, (), {}, {}, {}, {}, {}, lambda: list(running))
    running.append(OperationInFlight("b", "pin", "s3", "retrying", None, 2.0, 1))
    assert [each.operation_id for each in snapshot.operations()] == ["a", "b"]
