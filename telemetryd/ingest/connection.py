"""One connection on the ingest socket: frames in, answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from telemetryd.instrumentation.access_events import PeerRefused
from telemetryd.instrumentation.events import BatchGap, ConnectionCut, ConnectionOpened, ProducerAttached, Refused
from telemetryd.model.codec import VERSION, Batch, Hello, Single, decode_frame, encode_batch, encode_line
from telemetryd.model.errors import Rejected, StorageUnavailable
from telemetryd.model.events import Event

from .admission import admit
from .answers import Answers
from .framing import Framer, TooLong
from .intake import Intake
from .peer import Peer, is_dispensable, peer_of, sends_no_more
from .submission import Submission

# Answers that a peer leaves unread before its connection is cut.
MAX_UNREAD = 1 << 20


class Connection(asyncio.Protocol):
    """Speaks protocol version 1 with one peer.

    Events on plain lines that arrive together are submitted together. A bad line is answered
    and counted, and the rest goes on.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._framer = Framer(intake.max_line_bytes)
        self._transport: asyncio.Transport | None = None
        self._answers = Answers(intake.owes)
        self._peer = Peer(0, 0, 0)
        self._pending = 0
        self._ended = False
        self._greeting = False
        self._plain: list[tuple[Event, bytes]] = []
        self._last_received = 0
        self.producer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._answers.begin(transport)
        connected = transport.get_extra_info("socket")
        self._peer = peer_of(connected)
        if not self._intake.admits(self._peer, connected):
            self._turn_away()
            return
        self._intake.instrumentation.emit(ConnectionOpened(self._peer.pid, self._peer.uid, self._peer.gid))
        # Some releases of asyncio begin to read right after this call, whatever it says: so a moment later.
        asyncio.get_running_loop().call_soon(self._wait_with_the_others)

    def _turn_away(self) -> None:
        """Hang up on a process that is not on the allow-list, and say so; what it has sent is not looked at."""
        self._intake.instrumentation.emit(PeerRefused(self._peer.pid, self._peer.uid, self._peer.gid))
        expected = "expected a process of ingest.allowed_users or ingest.allowed_groups"
        error = f"{expected}, found one of user {self._peer.uid} and group {self._peer.gid}"
        self.send({"error": error, "reason": "peer_not_allowed"})
        self.close()

    def look_again(self) -> None:
        """Hang up where the process may send events no more; what it has sent is still stored and answered."""
        if self._transport is None or self._transport.is_closing():
            return
        if not self._intake.admits(self._peer, self._transport.get_extra_info("socket")):
            self._turn_away()

    def data_received(self, data: bytes) -> None:
        """Take bytes; called by the event loop."""
        held = self.unfinished
        for line in self._framer.feed(data):
            if isinstance(line, TooLong):
                self._reject(
                    Rejected("line_too_long", f"expected a line of at most {line.limit} bytes, found a longer one")
                )
                continue
            try:
                self._frame(line)
            except Rejected as rejection:
                self._reject(rejection)
        self._submit_plain()
        if self.unfinished != held:
            self._intake.holds(self.unfinished - held)

    @property
    def unfinished(self) -> int:
        """Bytes held of a line that has not ended."""
        return self._framer.incomplete

    def give_up(self, limit: int) -> None:
        """Hang up, and hold nothing of the line that has not ended: there are too many of them."""
        found = f"expected at most {limit} bytes of lines without a newline in all connections, found more, most in this one"
        self._reject(Rejected("too_many_unfinished", found))
        self._forget()
        self.close()

    def give_way(self) -> None:
        """Close at once where the peer is gone: another connection speaks for its producer now.

        What it sent last may be unread. That was never acknowledged, and must not take the number of other events.
        """
        if self._transport is not None and sends_no_more(self._transport.get_extra_info("socket")):
            self._transport.abort()

    def leave(self) -> bool:
        """Close at once where the peer is gone and has left nothing that is to be read; return whether it is so."""
        if self._transport is None:
            return False
        gone = is_dispensable(self._transport.get_extra_info("socket"), self.producer)
        if gone:
            self._transport.abort()
        return gone

    def _forget(self) -> None:
        held = self.unfinished
        self._framer.skip()
        self._intake.holds(-held)

    def eof_received(self) -> bool:
        """The peer sends no more: the connection stays until what it submitted is answered."""
        if self._framer.incomplete:
            found = "expected a newline at the end of the last line, found the end of the stream"
            self._reject(Rejected("incomplete_line", found))
        self._ended = True
        return self._pending > 0

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; what was submitted is still recorded."""
        self._transport = None
        self._answers.drop()
        self._forget()
        self._intake.closed(self)

    def pause_reading(self) -> None:
        """Take no more bytes for now: that is the back-pressure."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _wait_with_the_others(self) -> None:
        if self._intake.paused:
            self.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Answers are not read as fast as they are given; called by the event loop."""
        self._answers.pause()

    def resume_writing(self) -> None:
        """Answers are read again; called by the event loop."""
        self._answers.resume()

    @property
    def unread(self) -> int:
        """Bytes of answers that have not gone out by now."""
        return self._answers.look()

    def cut(self) -> None:
        """Hang up at once on a peer that leaves its answers unread."""
        if self._transport is not None:
            self._intake.instrumentation.emit(ConnectionCut(self.unread))
            self._transport.abort()
            self._answers.drop()

    def close(self) -> None:
        """Send what is written and hang up."""
        if self._transport is not None:
            self._answers.flush()
            self._transport.close()

    def acknowledge(self, number: int) -> None:
        """Every batch up to ``number`` is on disk."""
        self.send({"ack": number})

    def refuse(self, number: int, error: str, retry_after: float) -> None:
        """Nothing of batch ``number`` is stored; for plain lines an error line says so."""
        if number:
            self.send({"nack": number, "error": error, "retry_after": retry_after})
        else:
            self.send({"error": error, "reason": StorageUnavailable.word})

    def settled(self, size: int) -> None:
        """The recorder is done with ``size`` bytes of this connection's."""
        self._pending -= size
        self._intake.settled(size)
        if self._ended and self._pending == 0:
            self.close()

    def send(self, answer: dict[str, Any]) -> None:
        """Write one line, unless the peer has long stopped reading its answers."""
        self._answers.write(encode_line(answer))
        if self.unread > MAX_UNREAD:
            self.cut()

    def _frame(self, line: bytes) -> None:
        frame = decode_frame(line)
        if isinstance(frame, Single):
            self._plain.append((frame.event, line))
            return
        # Lines are submitted in the order they came.
        self._submit_plain()
        if isinstance(frame, Hello):
            self._greet(frame)
        else:
            self._batch(frame, line)

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            raise Rejected("bad_hello", f"hello.version: expected {VERSION}, found {hello.version}")
        if self._greeting:
            raise Rejected("bad_hello", "expected to wait for the welcome, found another hello")
        self._greeting = True
        self.producer = ""
        self._last_received = 0
        self._intake.greet(hello, partial(self._welcome, hello))
        self.producer = hello.producer

    def _welcome(self, hello: Hello, last_batch: int) -> None:
        self._greeting = False
        # Batches may have come since the hello, without waiting for this answer.
        self._last_received = self._last_received or last_batch
        self._intake.instrumentation.emit(
            ProducerAttached(hello.producer, last_batch, hello.dropped, self._peer.pid, self._peer.uid, self._peer.gid)
        )
        welcome = {"version": VERSION, "last_batch": last_batch, "enabled": self._intake.enabled}
        self.send({"welcome": welcome | {"max_line_bytes": self._intake.max_line_bytes}})

    def _batch(self, batch: Batch, line: bytes) -> None:
        if not self.producer:
            raise Rejected("no_hello", "expected a hello before the first batch, found a batch")
        if batch.number > self._last_received + 1 and self._last_received:
            self._gap(batch.number)
        self._last_received = max(self._last_received, batch.number)
        self._submit(self.producer, batch.number, batch.events, list(batch.rejections), line, len(line))

    def _gap(self, found: int) -> None:
        expected = self._last_received + 1
        self._intake.instrumentation.emit(BatchGap(self.producer, expected, found))
        self.send(
            {"error": f"batch: expected {expected}, found {found}; it is stored all the same", "reason": "batch_gap"}
        )

    def _submit_plain(self) -> None:
        if not self._plain:
            return
        events = [event for event, _ in self._plain]
        frame = b'{"batch":1,"events":[' + b",".join(line for _, line in self._plain) + b"]}"
        self._plain.clear()
        self._submit("", 0, events, [], frame, len(frame))

    def _submit(
        self, producer: str, number: int, events: Sequence[Event], rejections: list[Rejected], frame: bytes, size: int
    ) -> None:
        """Hand events to the recorder, without those that cannot be taken; each of these is answered."""
        instrumentation = self._intake.instrumentation
        instrumentation.receive(len(events))
        admitted, untimely = admit(events, self._intake.now(), self._intake.retention_days)
        for rejection in rejections:
            self._reject(rejection)
        for rejection in untimely:
            self._reject(rejection, received=True)
        if rejections or untimely:
            frame = encode_batch(number or 1, admitted)[:-1]
        if admitted or number:
            self._pending += size
            self._intake.submit(Submission(self, producer, number, admitted, frame, size))

    def _reject(self, rejection: Rejected, *, received: bool = False) -> None:
        """Count one thing that is not taken, and say so to the peer."""
        instrumentation = self._intake.instrumentation
        if not received:
            instrumentation.receive(1)
        instrumentation.reject(rejection.word)
        instrumentation.emit(Refused(rejection.word, str(rejection)))
        self.send({"error": str(rejection), "reason": rejection.word})
