"""For which pages a browser may ask: those that came from here.

No answer has a header that lets another site read it, but asking alone can change settings or cost
charts. A browser says for whom it asks, by Sec-Fetch-Site, or an old one by Origin.
"""

from __future__ import annotations

from aiohttp import web

from .errors import CrossOrigin

_READING = ("GET", "HEAD")
_OWN = ("same-origin", "none")
_EXPECTED = "expected a request of this site or of no browser"


def refuse_other_sites(request: web.Request) -> None:
    """Raise :class:`CrossOrigin` where a browser sends what a page of another site asked it to; a link may be followed."""
    site = request.headers.get("Sec-Fetch-Site")
    reading = request.method in _READING
    if site is not None:
        if site in _OWN or (reading and request.headers.get("Sec-Fetch-Mode") == "navigate"):
            return
        raise CrossOrigin(f"{_EXPECTED}, found one that is {site[:40]!r}")
    if reading:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise CrossOrigin(f"{_EXPECTED}, found the origin {origin[:80]!r}")
