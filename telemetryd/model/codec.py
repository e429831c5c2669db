"""Frames of the ingest protocol: lines of JSON to values and back.

A line is decoded once, typed. Only where that fails is it taken apart event by event,
so that a bad event costs one rejection and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from .errors import Rejected
from .events import Event, OperationId
from .nesting import elements, members

VERSION = 1

BatchNumber: TypeAlias = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Total: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]

# What decoding raises: bad JSON or a bad value, bytes that are no text, nesting without end.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Hello(Struct, frozen=True):
    """A producer names itself; ``dropped`` counts events it had to drop since its last hello."""

    producer: OperationId
    version: int = VERSION
    dropped: Total = 0


class Batch(Struct, frozen=True, gc=False):
    """Numbered events of one producer; ``rejections`` are those that could not be read."""

    number: int
    events: list[Event]
    rejections: Sequence[Rejected] = ()


class Single(Struct, frozen=True, gc=False):
    """One event on a line of its own."""

    event: Event


Frame = Hello | Batch | Single


class _BatchFrame(Struct, frozen=True, gc=False):
    batch: BatchNumber
    events: list[Event]


class _Envelope(Struct, frozen=True, gc=False):
    hello: Raw | UnsetType = UNSET
    batch: Raw | UnsetType = UNSET
    events: Raw | UnsetType = UNSET
    event: Raw | UnsetType = UNSET


_batch_decoder = msgspec.json.Decoder(_BatchFrame)
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_hello_decoder = msgspec.json.Decoder(Hello)
_event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_number_decoder: msgspec.json.Decoder[int] = msgspec.json.Decoder(BatchNumber)
_raws_decoder = msgspec.json.Decoder(list[Raw])
_encoder = msgspec.json.Encoder()


def decode_frame(line: bytes) -> Frame:
    """Return what one line (without its newline) says.

    Raises :class:`Rejected` where the line as a whole cannot be taken; events of a batch
    that cannot be read are in the batch's ``rejections``.
    """
    try:
        frame = _batch_decoder.decode(line)
    except _UNREADABLE:
        return _decode_slowly(line)
    return Batch(frame.batch, frame.events)


def encode_event(event: Event) -> bytes:
    """Return an event as one line of JSON, without its newline."""
    return _encoder.encode(event)


def encode_batch(number: int, events: Sequence[Event]) -> bytes:
    """Return a batch as one line of JSON, with its newline."""
    return _encoder.encode({"batch": number, "events": events}) + b"\n"


def encode_line(answer: dict[str, Any]) -> bytes:
    """Return an answer of either side as one line of JSON, with its newline."""
    return _encoder.encode(answer) + b"\n"


def decode_event(line: bytes) -> Event:
    """Return one event; raises :class:`Rejected` with the reason it cannot be read."""
    try:
        return _event_decoder.decode(line)
    except _UNREADABLE as error:
        raise _rejection(error) from None


def _decode_slowly(line: bytes) -> Frame:
    try:
        envelope = _envelope_decoder.decode(line)
    except msgspec.ValidationError:
        raise Rejected("not_an_object", "expected one JSON object a line, found another JSON value") from None
    except RecursionError as error:
        return _decode_deep_batch(line, error)
    except _UNREADABLE as error:
        raise _rejection(error) from None
    if not isinstance(envelope.batch, UnsetType) or not isinstance(envelope.events, UnsetType):
        return _decode_batch_slowly(envelope)
    if not isinstance(envelope.hello, UnsetType):
        try:
            return _hello_decoder.decode(envelope.hello)
        except _UNREADABLE as error:
            raise Rejected("bad_hello", f"hello: {error}") from None
    return Single(decode_event(line))


def _decode_batch_slowly(envelope: _Envelope) -> Batch:
    if isinstance(envelope.batch, UnsetType) or isinstance(envelope.events, UnsetType):
        raise Rejected("bad_batch", "expected both a batch number and events, found only one of them")
    try:
        number = _number_decoder.decode(envelope.batch)
        raws = _raws_decoder.decode(envelope.events)
    except _UNREADABLE as error:
        raise Rejected("bad_batch", f"expected a number from 1 upward and a list of events: {error}") from None
    return _batch_of(number, raws)


def _decode_deep_batch(line: bytes, error: RecursionError) -> Batch:
    """Return a batch with something in it that is nested without end: whoever sent it waits for an answer to its number."""
    try:
        found = members(line.strip())
        number = _number_decoder.decode(found[b'"batch"'])
        raws = elements(found[b'"events"'])
    except (KeyError, ValueError, *_UNREADABLE):
        raise _rejection(error) from None
    return _batch_of(number, raws)


def _batch_of(number: int, raws: Sequence[bytes | Raw]) -> Batch:
    events: list[Event] = []
    rejections: list[Rejected] = []
    for raw in raws:
        try:
            events.append(decode_event(bytes(raw)))
        except Rejected as rejection:
            rejections.append(rejection)
    return Batch(number, events, rejections)


def _rejection(error: Exception) -> Rejected:
    message = str(error)
    if isinstance(error, RecursionError):
        return Rejected("too_deep", "expected values nested a few deep, found them nested without end")
    if isinstance(error, UnicodeDecodeError):
        return Rejected("not_utf8", f"expected UTF-8, found a byte that is none at {error.start}")
    if not isinstance(error, msgspec.ValidationError):
        reason = "not_utf8" if "utf-8" in message.lower() else "not_json"
        return Rejected(reason, f"expected one JSON object a line: {message}")
    if message.endswith("`$.event`"):
        return Rejected(
            "unknown_event", f"event: expected operation_start, status_change or backend_health_change: {message}"
        )
    if "missing required field" in message:
        return Rejected("missing_field", message)
    if "`object`" in message and "got" in message and "`$" not in message:
        return Rejected("not_an_object", f"expected one JSON object a line: {message}")
    if message.endswith(("`$.status`", "`$.new_status`", "`$.old_status`")):
        return Rejected("bad_status", message)
    return Rejected("bad_value", message)
