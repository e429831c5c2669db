"""``GET /openapi.json`` and ``GET /docs``: what the API takes and answers, for programs and for people.

The document is written by hand in ``openapi.yaml``; ``static/openapi.json`` is the same as JSON
(``scripts/openapi.py``), and the page reads that.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from .pages import assets, sent
from .params import parameters
from .services import Services

OPERATION = "get_openapi"
DOCS_OPERATION = "get_docs"
DOCUMENT = "openapi.json"
PAGE = "docs.html"


def document_handler(services: Services) -> Handler:
    """Return the handler of ``GET /openapi.json``."""

    async def get_openapi(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        return sent(request, (await asyncio.to_thread(assets))[DOCUMENT])

    return get_openapi


def docs_handler(services: Services) -> Handler:
    """Return the handler of ``GET /docs``; whatever parameters it has are the page's own."""

    async def get_docs(request: web.Request) -> web.StreamResponse:
        return sent(request, (await asyncio.to_thread(assets))[PAGE])

    return get_docs
