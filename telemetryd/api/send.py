"""Sending an answer too large to be made in one go: each piece is made in a thread, and the client sets the pace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from aiohttp import web

# A client that takes no piece for as long is cut off: the result it holds up costs memory. In seconds.
STALLED = 60.0


async def send(
    request: web.Request,
    response: web.StreamResponse,
    pieces: Iterator[bytes],
    patience: float = STALLED,
) -> web.StreamResponse:
    """Send ``pieces`` as the body of ``response``, in chunks, and return it; raises ``ConnectionError`` where the client stops taking it."""
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        try:
            async with asyncio.timeout(patience):
                await response.write(piece)
        except TimeoutError:
            raise ConnectionResetError("the client does not take the answer") from None
    await response.write_eof()
    return response
