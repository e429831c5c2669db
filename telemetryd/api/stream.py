"""``GET /stream``: the realtime answer again and again, as server-sent events."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.live.window import WIDEST, WINDOW
from telemetryd.model.errors import Busy, TelemetrydError

from . import realtime
from .envelope import encode, success
from .params import number, parameters
from .send import STALLED
from .services import Services
from .tokens import READ

OPERATION = "stream_realtime_telemetry"
# Seconds between two events, unless asked otherwise, and the bounds of that.
INTERVAL = 2.0
SHORTEST, LONGEST = 1, 60
# How long a client is told to wait before it connects again, in milliseconds.
RETRY = 2000
# An answer is made once for all who ask within as many seconds, of at most as many windows.
SHARED = 0.5
MAX_WINDOWS = 16


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /stream``; ``window`` and ``interval`` in seconds."""
    frames = Frames(services)
    following = 0

    async def stream(request: web.Request) -> web.StreamResponse:
        nonlocal following
        params = parameters(request, ("window", "interval"))
        window = number(params, "window", WINDOW, realtime.NARROWEST, WIDEST, "seconds")
        interval = number(params, "interval", INTERVAL, SHORTEST, LONGEST, "seconds")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        if request.method == "HEAD":
            await response.prepare(request)
            return response
        if following >= services.max_streams:
            raise Busy(f"stream: expected at most {services.max_streams} clients (http.max_streams), found one more")
        following += 1
        try:
            await response.prepare(request)
            await _send(response, b"retry: %d\n\n" % RETRY)
            while not services.closing.is_set() and _may_go_on(request, services):
                await _send(response, frames.at(window))
                await _pause(services.closing, interval)
        finally:
            following -= 1
        await response.write_eof()
        return response

    return stream


class Frames:
    """The events to send; what many ask for at once is made once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._made: dict[float, tuple[float, bytes]] = {}

    def at(self, window: float) -> bytes:
        """Return the event that tells the last ``window`` seconds as they are now."""
        now = self._services.now()
        made, frame = self._made.get(window, (-SHARED, b""))
        if not 0 <= now - made < SHARED:
            answer = success(realtime.OPERATION, now, **self._services.realtime(window))
            frame = b"event: realtime\nid: %.3f\ndata: %b\n\n" % (now, encode(answer))
            self._made.pop(window, None)
            if len(self._made) >= MAX_WINDOWS:
                del self._made[next(iter(self._made))]
            self._made[window] = (now, frame)
        return frame


def _may_go_on(request: web.Request, services: Services) -> bool:
    """Whether who asked may still be told: a token can be taken away and a session end while they listen."""
    try:
        services.gate.check(request, READ, "", OPERATION, services.now())
    except TelemetrydError:
        return False
    return True


async def _send(response: web.StreamResponse, frame: bytes) -> None:
    try:
        async with asyncio.timeout(STALLED):
            await response.write(frame)
    except TimeoutError:
        raise ConnectionResetError("the client does not take the stream") from None


async def _pause(closing: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        pass
