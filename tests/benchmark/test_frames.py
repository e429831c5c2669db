"""The load of ingest."""

from __future__ import annotations

from collections import defaultdict

from benchmark import frames
from telemetryd.model.codec import Batch, decode_frame
from telemetryd.model.events import OperationStart, StatusChange


def test_operations() -> None:
    """Each operation starts, is processed and ends, in this order, and what happens is told in the order of time."""
    events = list(frames.happened(100, 1000.0, 50.0))
    assert [event.timestamp for _, event in events] == sorted(event.timestamp for _, event in events)
    lives = defaultdict(list)
    for number, event in events:
        lives[number].append(event)
    assert len(lives) == 100
    for start, processing, end in lives.values():
        assert isinstance(start, OperationStart)
        assert isinstance(processing, StatusChange) and processing.status == "processing"
        assert isinstance(end, StatusChange) and end.status in ("completed", "failed")
        assert start.operation_id == processing.operation_id == end.operation_id


def test_producers() -> None:
    """Every event is in one batch of one producer, numbered from 1, and an operation has one producer."""
    load = frames.load_of(1000, 3, influx=True)
    whose = {}
    count = 0
    for producer, lines in enumerate(load.frames):
        for number, line in enumerate(lines, 1):
            batch = decode_frame(line.removesuffix(b"\n"))
            assert isinstance(batch, Batch) and batch.number == number and not batch.rejections
            for event in batch.events:
                count += 1
                assert isinstance(event, OperationStart | StatusChange)
                assert whose.setdefault(event.operation_id, producer) == producer
    assert count == load.events == 3000
    assert b"".join(load.influx).count(b"\n") == 3000
