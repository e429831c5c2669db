"""Notes: what a WAL's thread leaves behind of an event, and how it becomes one.

A note is a tuple ``(at, offset, kind, *arguments)``: the instant on the monotonic clock, the
clock's offset to the wall then, the code of the event, and the arguments of the call in
order, unchecked; those of a status may end with it. It is checked and becomes an event in the sender's thread.

Nothing of our own in a note is an object that the garbage collector follows. A full buffer of such
would have to be gone through by every full collection, in whatever thread of the WAL's that befalls.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

import msgspec

from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    LONGEST_ID,
    LONGEST_WORD,
    OPERATION_START,
    STATUS_CHANGE,
    STATUSES,
    TERMINAL_STATUSES,
    BackendHealthChange,
    Event,
    OperationStart,
    StatusChange,
)

from .clock import Offsets

Note: TypeAlias = tuple[Any, ...]
# What notes become: events, and what their marks hold.
Thing: TypeAlias = Event | threading.Event

AT: Final = 0
OFFSET: Final = 1
KIND: Final = 2
FIRST_ARGUMENT: Final = 3

# The length of the note of a status with nothing besides.
BRIEF: Final = FIRST_ARGUMENT + 2

# The kind of a note that is no event: its one argument, a ``threading.Event``, is set once all before it is acknowledged.
MARK: Final = -1

# Texts are cut to this many characters as they are noted: what waits for the daemon has to be bounded.
LONGEST_TEXT: Final = 1024
_LEADING = slice(LONGEST_TEXT)

_CLASSES: Final[dict[int, type]] = {
    OPERATION_START: OperationStart,
    STATUS_CHANGE: StatusChange,
    BACKEND_HEALTH_CHANGE: BackendHealthChange,
}
ARGUMENTS: Final[dict[int, tuple[str, ...]]] = {
    OPERATION_START: ("operation_id", "operation_type", "backend", "size"),
    STATUS_CHANGE: (
        "operation_id",
        "status",
        "operation_type",
        "backend",
        "latency",
        "retry_count",
        "error",
        "error_type",
        "size",
    ),
    BACKEND_HEALTH_CHANGE: ("backend", "old_status", "new_status"),
}
# Whether an operation that enters the status has ended.
_ENDS: Final[dict[Any, bool]] = {status: status in TERMINAL_STATUSES for status in STATUSES}
_REQUIRED = {
    kind: {field.name for field in msgspec.structs.fields(kind) if field.required} for kind in _CLASSES.values()
}


def plain(value: Any) -> Any:
    """Return an enum's value for the enum, a plain and encodable string for a string, anything else as it is.

    Neither this nor :func:`clipped` runs a line of the value's own class, which might raise:
    they are called in the WAL's thread.
    """
    if issubclass(type(value), Enum):
        value = value._value_
    if not issubclass(type(value), str):
        return value
    if str.isascii(value):
        return str.__str__(value)
    # A lone surrogate (from a file name, say) cannot be encoded.
    return str.encode(value, "utf-8", "replace").decode()


def clipped(text: Any) -> Any:
    """Return a text of bounded length; in place of what is no text something small that is none either."""
    return str.__getitem__(text, _LEADING) if issubclass(type(text), str) else ...


def things_of(notes: Sequence[Note], offsets: Offsets) -> tuple[list[Thing], int]:
    """Return the events and marks of notes, in their order, and how many arguments were left out because they were unusable.

    A note whose required arguments are unusable gives nothing but this number.
    """
    things: list[Thing] = []
    add, known = things.append, offsets.known
    unusable = 0
    for note in notes:
        # Nearly all notes are plain words of fitting length, and nothing besides: these are not taken apart.
        kind = note[KIND]
        if kind == STATUS_CHANGE:
            if len(note) == BRIEF:
                at, offset, _, operation_id, status = note
                brief = True
            else:
                at, offset, _, operation_id, status, a, b, c, d, e, f, g = note
                brief = a is b is c is d is e is f is g is None
            if (
                brief
                and type(operation_id) is type(status) is str
                and 0 < len(operation_id) <= LONGEST_ID
                and operation_id.isascii()
                and (ended := _ENDS.get(status)) is not None
            ):
                offset = known.pop(operation_id, offset) if ended else known.setdefault(operation_id, offset)
                add(StatusChange(operation_id, status, at + offset))  # type: ignore[arg-type]
                continue
        elif kind == OPERATION_START:
            at, offset, _, operation_id, operation_type, backend, size = note
            if (
                type(operation_id) is type(operation_type) is type(backend) is str
                and 0 < len(operation_id) <= LONGEST_ID
                and 0 < len(operation_type) <= LONGEST_WORD
                and 0 < len(backend) <= LONGEST_WORD
                and size is None
                and (operation_id + operation_type + backend).isascii()
            ):
                timestamp = at + known.setdefault(operation_id, offset)
                add(OperationStart(operation_id, operation_type, backend, timestamp))
                continue
        elif kind == MARK:
            add(note[FIRST_ARGUMENT])
            continue
        try:
            event, left_out = event_of(note, offsets)
        except msgspec.ValidationError:
            unusable += 1
        else:
            add(event)
            unusable += left_out
    offsets.trim()
    return things, unusable


def event_of(note: Note, offsets: Offsets) -> tuple[Event, int]:
    """Return the event, and how many of its optional arguments were left out because they were unusable.

    Raises :class:`msgspec.ValidationError` where a required argument is unusable.
    """
    kind = _CLASSES[note[KIND]]
    fields = {
        name: value if type(value) is str and value.isascii() else plain(value)
        # A note ends where nothing more is told.
        for name, value in zip(ARGUMENTS[note[KIND]], note[FIRST_ARGUMENT:], strict=False)
        if value is not None
    }
    fields["timestamp"] = note[AT] + _offset(note, fields, offsets)
    try:
        event: Event = msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        return _without_the_unusable(fields, kind)
    return event, 0


def _offset(note: Note, fields: dict[str, Any], offsets: Offsets) -> float:
    operation_id = fields.get("operation_id")
    offset: float = note[OFFSET]
    if type(operation_id) is not str:
        return offset
    status = fields.get("status")
    if type(status) is str and status in TERMINAL_STATUSES:
        return offsets.known.pop(operation_id, offset)
    return offsets.known.setdefault(operation_id, offset)


def _without_the_unusable(fields: dict[str, Any], kind: type) -> tuple[Event, int]:
    usable = {name: value for name, value in fields.items() if name in _REQUIRED[kind]}
    event: Event = msgspec.convert(usable, kind)
    unusable = 0
    for name in fields.keys() - usable.keys():
        try:
            event = msgspec.convert({**usable, name: fields[name]}, kind)
        except msgspec.ValidationError:
            unusable += 1
        else:
            usable[name] = fields[name]
    return event, unusable
