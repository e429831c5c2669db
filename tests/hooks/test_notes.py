from __future__ import annotations

import enum
import threading
from typing import Any

import msgspec
import pytest

from telemetryd.hooks.clock import Offsets
from telemetryd.hooks.notes import BRIEF, LONGEST_TEXT, MARK, Note, Thing, clipped, plain, things_of
from telemetryd.model.codec import encode_event
from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    OPERATION_START,
    STATUS_CHANGE,
    BackendHealthChange,
    OperationStart,
    StatusChange,
)


class Status(enum.Enum):
    COMPLETED = "completed"


class Backend(str, enum.Enum):  # noqa: UP042 - ipfs_kit_py's wal.py spells it so
    IPFS = "ipfs"


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("==")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    __hash__ = None  # type: ignore[assignment]


def status_note(**given: Any) -> Note:
    arguments = {"operation_id": "a", "status": "completed", **given}
    names = (
        "operation_id",
        "status",
        "operation_type",
        "backend",
        "latency",
        "retry_count",
        "error",
        "error_type",
        "size",
    )
    return (10.0, 1_000.0, STATUS_CHANGE, *(arguments.get(name) for name in names))


def event_of(note: Note, offsets: Offsets) -> tuple[Thing | None, int]:
    """Return what one note becomes, None of one that becomes nothing, and how many arguments were unusable."""
    things, unusable = things_of([note], offsets)
    return (things[0] if things else None), unusable


def test_notes_become_events_at_their_wall_time() -> None:
    """The instant plus the offset is the timestamp; arguments keep their names."""
    offsets = Offsets(10)
    start, unusable = event_of((10.0, 1_000.0, OPERATION_START, "a", "add", Backend.IPFS, 5), offsets)
    assert unusable == 0
    assert start == OperationStart("a", "add", "ipfs", 1_010.0, 5)
    health, _ = event_of((11.0, 1_000.0, BACKEND_HEALTH_CHANGE, "s3", None, "offline"), offsets)
    assert health == BackendHealthChange("s3", "offline", 1_011.0)


def test_enums_become_their_values() -> None:
    """Both of ipfs_kit_py's kinds of enum are taken for the words they stand for."""
    event, _ = event_of(status_note(status=Status.COMPLETED, backend=Backend.IPFS), Offsets(10))
    assert event == StatusChange("a", "completed", 1_010.0, backend="ipfs")
    assert type(plain(Backend.IPFS)) is str


@pytest.mark.parametrize(
    "given",
    [
        {"operation_id": None},
        {"operation_id": 7},
        {"operation_id": ""},
        {"operation_id": ["a"]},
        {"status": "done"},
        {"status": Hostile()},
    ],
)
def test_what_an_event_cannot_be_without_is_refused(given: dict[str, Any]) -> None:
    """A status without a usable id or word is no event."""
    assert event_of(status_note(**given), Offsets(10)) == (None, 1)
    assert event_of(status_note(**given)[:BRIEF], Offsets(10)) == (None, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"size": "5"}, {"size": -1}, {"size": 2**70}, {"size": True}, {"size": Hostile()}, {"retry_count": 1.5}, {"latency": -1.0},
        {"latency": "fast"}, {"latency": 10**400}, {"error": ...}, {"error_type": 3}, {"backend": "x" * 65}, {"operation_type": Hostile()},
    ],
)  # fmt: skip
def test_what_an_event_can_do_without_is_left_out(given: dict[str, Any]) -> None:
    """One unusable argument costs itself, not the event and not its neighbours."""
    usable = {"retry_count": 2} if "retry_count" not in given else {"size": 2}
    event, unusable = event_of(status_note(**usable, **given), Offsets(10))
    assert unusable == 1
    assert event == StatusChange("a", "completed", 1_010.0, **usable)  # type: ignore[arg-type]


def test_every_text_can_be_encoded() -> None:
    """A lone surrogate, as in the name of a file, becomes a question mark."""
    event, _ = event_of(status_note(operation_id="a\udcff", error="no such file: \udcff é"), Offsets(10))
    assert isinstance(event, StatusChange)
    assert "no such file: ? é".encode() in encode_event(event)


def test_texts_are_cut() -> None:
    """What a note holds of an error is bounded, whatever the error is."""
    assert clipped("x" * 5_000) == "x" * LONGEST_TEXT
    assert clipped("short") == "short"
    assert clipped(b"x" * 5_000) is clipped(Hostile()) is ...


def test_an_operation_has_one_offset() -> None:
    """A wall clock that steps between start and end does not bend the latency."""
    offsets = Offsets(10)
    start, _ = event_of((10.0, 1_000.0, OPERATION_START, "a", "add", "ipfs", None), offsets)
    end, _ = event_of((12.5, 9_000.0, STATUS_CHANGE, "a", "completed", *[None] * 7), offsets)
    assert isinstance(start, OperationStart) and isinstance(end, StatusChange)
    assert end.timestamp - start.timestamp == 2.5
    assert not offsets.known


def test_a_note_may_end_with_the_status() -> None:
    """What is noted of nothing besides need not be noted; it is the same event."""
    note = status_note(status="processing")
    assert len(note[:BRIEF]) == BRIEF < len(note)
    assert event_of(note[:BRIEF], Offsets(10)) == event_of(note, Offsets(10))
    assert event_of(note, Offsets(10)) == (StatusChange("a", "processing", 1_010.0), 0)


def test_things_keep_their_order() -> None:
    """Marks, ordinary notes and unusable ones among them."""
    passed = threading.Event()
    start = (10.0, 1_000.0, OPERATION_START, "a", "add", "ipfs", None)
    notes = [start, (10.5, 0.0, MARK, passed), status_note(status="done"), status_note(size=-1)]
    assert things_of(notes, Offsets(10)) == (
        [OperationStart("a", "add", "ipfs", 1_010.0), passed, StatusChange("a", "completed", 1_010.0)],
        2,
    )


@pytest.mark.parametrize(
    "name", ["a", "", "x" * 64, "x" * 65, "x" * 256, "x" * 257, "\u00e9", "\ud800", b"a", 7, None, Backend.IPFS]
)
@pytest.mark.parametrize("field", ["operation_id", "operation_type", "backend"])
def test_what_needs_no_checking_gives_what_checking_gives(name: Any, field: str) -> None:
    """Nearly all notes hold plain words of fitting length, and go a shorter way: to the same event or the same refusal."""
    arguments = {"operation_id": "a", "operation_type": "add", "backend": "ipfs", "size": None, field: name}
    note = (10.0, 1_000.0, OPERATION_START, *arguments.values())
    try:
        expected = msgspec.convert(
            {key: plain(value) for key, value in arguments.items() if value is not None} | {"timestamp": 1_010.0},
            OperationStart,
        )
    except msgspec.ValidationError:
        assert event_of(note, Offsets(10)) == (None, 1)
    else:
        assert event_of(note, Offsets(10)) == (expected, 0)
