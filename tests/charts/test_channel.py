"""The line to the browser, with the test at its other end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from choreographer.channels import ChannelClosedError, MessageTooLargeError

from telemetryd.charts import channel as module
from telemetryd.charts.channel import Channel
from tests.end_to_end.waiting import PATIENCE


class Line:
    """A channel, and the browser's end of it."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.channel = Channel(self.ended.set)
        self.browser = socket.socket(fileno=os.dup(self.channel.from_choreo_to_external))
        self.channel.open()

    def said(self, length: int) -> bytes:
        """Return the next bytes that the browser is told."""
        return self.browser.recv(length, socket.MSG_WAITALL)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.channel.close()
    line.browser.close()


def test_messages_end_with_a_zero_byte(line: Line) -> None:
    """Both ways; a fragment is sent as it is."""
    line.channel.write_json({"id": 1, "params": orjson.Fragment(b'{"x": [1]}')})
    told = b'{"id":1,"params":{"x": [1]}}\0'
    assert line.said(len(told)) == told
    line.browser.sendall(b'{"id":1}\0{"method":"x"}\0')
    assert line.channel.read_jsons()[0] == [{"id": 1}, {"method": "x"}]


def test_messages_come_in_pieces(line: Line) -> None:
    """However they are cut, they come whole and in order."""
    line.browser.sendall(b'{"a":1}\0{"b"')
    assert line.channel.read_jsons()[0] == [{"a": 1}]
    line.browser.sendall(b":2")
    with ThreadPoolExecutor() as reader:
        waiting = reader.submit(line.channel.read_jsons)
        line.browser.sendall(b'}\0{"c":3}\0')
        found = list(waiting.result(PATIENCE)[0])
    if len(found) == 1:
        found += line.channel.read_jsons()[0]
    assert found == [{"b": 2}, {"c": 3}]


def test_a_message_larger_than_what_the_system_holds(line: Line) -> None:
    """Goes through both ways."""
    data = "x" * 5_000_000
    with ThreadPoolExecutor() as other:
        heard = other.submit(line.said, len(data) + 9)
        line.channel.write_json({"d": data})
        assert heard.result(PATIENCE) == orjson.dumps({"d": data}) + b"\0"
        other.submit(line.browser.sendall, orjson.dumps([data]) + b"\0")
        assert line.channel.read_jsons()[0] == [[data]]


def test_a_message_that_chromium_does_not_take(line: Line) -> None:
    """Nothing of it is sent, and what was to be sent is given back, to be sent in pieces."""
    assert module.MAX_MESSAGE_SIZE == 100 << 20
    with pytest.raises(MessageTooLargeError) as refused:
        line.channel.write_json({"d": orjson.Fragment(b'"' + bytes(101 << 20).replace(b"\0", b"x") + b'"')})
    assert refused.value.payload is not None and refused.value.payload.startswith('{"d":"xxx')
    assert line.channel.is_ready()


def test_the_end_of_the_browser(line: Line) -> None:
    """Is known at once, to whoever waits and whoever asks."""
    assert line.channel.is_ready()
    with ThreadPoolExecutor() as reader:
        waiting = reader.submit(line.channel.read_jsons)
        line.browser.close()
        with pytest.raises(ChannelClosedError):
            waiting.result(PATIENCE)
    assert line.ended.is_set() and not line.channel.is_ready()
    with pytest.raises(ChannelClosedError):
        line.channel.write_json({"id": 1})


@pytest.mark.parametrize("does", ["read", "write"])
def test_closing_wakes_whoever_waits(line: Line, does: str) -> None:
    """No thread stays behind."""
    with ThreadPoolExecutor() as other:
        call = line.channel.read_jsons if does == "read" else lambda: line.channel.write_json({"d": "x" * 5_000_000})
        waiting = other.submit(call)
        if does == "write":
            assert line.said(1) == b"{"
        line.channel.close()
        with pytest.raises(ChannelClosedError):
            waiting.result(PATIENCE)


def test_something_else_than_messages(line: Line) -> None:
    """Is an error, for it can only be a program that is no browser."""
    line.browser.sendall(b"usage: cat\0")
    with pytest.raises(ValueError, match="unexpected"):
        line.channel.read_jsons()
