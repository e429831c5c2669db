"""What every answer tells a browser: to take it for what it is called, and to let no other site have it."""

from __future__ import annotations

from types import MappingProxyType

from aiohttp import web

# Of every answer that does not say otherwise itself.
SAFE = MappingProxyType(
    {
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
# Which release of which library answers is nobody's business.
SERVER = "telemetryd"

# Nothing from elsewhere, and no script but our files. Plotly writes its own style rules, hence the styles.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A report asks for nothing but its own files.
REPORT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# An SVG is a page of its own: it runs nothing and fetches nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
# A page that needs nothing of the daemon is of no origin: its scripts could not ask for anything if they wanted to.
ALONE = "frame-ancestors 'none'; sandbox allow-scripts allow-downloads allow-modals"


async def make_safe(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add to an answer, before it is sent, what it does not say itself."""
    headers = response.headers
    for name, value in SAFE.items():
        headers.setdefault(name, value)
    headers["Server"] = SERVER
