"""What the daemon and the process that draws say to each other: frames of MessagePack, each after its length.

The daemon gives orders on standard input, the process answers on standard output. Each :class:`Draw` is
answered once, by :class:`Drawn` or :class:`Failed`, in any order.
"""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from telemetryd.model.errors import ChartFailed, ChartsUnavailable, ChartTimeout, TelemetrydError

HEADER = 4
# A chart is some megabytes at most: more is no length, but something else written on the line.
LARGEST = 1 << 30


class Garbled(Exception):
    """What came is no message: something else has written on the line."""


class Draw(msgspec.Struct, frozen=True, tag="draw"):
    """Draw a chart within ``seconds``; ``drawing`` is a ``Drawing`` as MessagePack, ``browser`` empty for no image."""

    number: int
    form: str
    seconds: float
    browser: str
    drawing: bytes


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Nobody waits for this chart any more: do not begin it."""

    number: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Everything is imported: what goes wrong from here on is not the start."""


class Drawn(msgspec.Struct, frozen=True, tag="drawn"):
    """A chart's bytes."""

    number: int
    data: bytes


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """A chart that will not come, and the error to raise for it; ``word`` is that of the error's class."""

    number: int
    word: str
    message: str
    retry_after: float = 0.0


class BrowserStarted(msgspec.Struct, frozen=True, tag="browser started"):
    """A browser draws from now on."""

    path: str
    pid: int
    sandbox: bool


class BrowserEnded(msgspec.Struct, frozen=True, tag="browser ended"):
    """The browser was given up, and why."""

    reason: str


Order = Draw | Drop
Answer = Ready | Drawn | Failed | BrowserStarted | BrowserEnded

_ERRORS: dict[str, type[TelemetrydError]] = {
    error.word: error for error in (ChartFailed, ChartTimeout, ChartsUnavailable)
}
_encoder = msgspec.msgpack.Encoder()
_orders = msgspec.msgpack.Decoder(Order)
_answers = msgspec.msgpack.Decoder(Answer)


def frame(message: Order | Answer) -> bytes:
    """Return a message with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER, "big") + body


def length_of(header: bytes) -> int:
    """Return the length of the message after ``header``; raises :class:`Garbled` where that can be none."""
    length = int.from_bytes(header, "big")
    if not 0 < length <= LARGEST:
        raise Garbled(f"expected a message of 1 to {LARGEST} bytes, found a length of {length}")
    return length


def order_of(body: bytes) -> Order:
    """Return the order in a message; raises :class:`Garbled`."""
    try:
        order: Order = _orders.decode(body)
    except msgspec.DecodeError as error:
        raise Garbled(f"expected an order, found {error}") from error
    return order


def answer_of(body: bytes) -> Answer:
    """Return the answer in a message; raises :class:`Garbled`."""
    try:
        answer: Answer = _answers.decode(body)
    except msgspec.DecodeError as error:
        raise Garbled(f"expected an answer, found {error}") from error
    return answer


def read_order(stream: BinaryIO) -> Order:
    """Wait for the next order; raises :class:`EOFError` where none will come, and :class:`Garbled`."""
    return order_of(_read(stream, length_of(_read(stream, HEADER))))


def failed(number: int, error: TelemetrydError) -> Failed:
    """Return what is answered for a chart that ``error`` has ended."""
    return Failed(number, error.word, str(error), getattr(error, "retry_after", 0.0))


def error_of(answer: Failed) -> TelemetrydError:
    """Return the error that :func:`failed` was made of."""
    error = _ERRORS.get(answer.word, ChartFailed)(answer.message)
    if isinstance(error, ChartsUnavailable):
        error.retry_after = answer.retry_after
    return error


def _read(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
