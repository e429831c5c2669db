"""The dashboard's page and the files that it and the charts are made of."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from aiohttp import ETag, web
from aiohttp.typedefs import Handler

from .headers import PAGE_POLICY
from .params import parameters
from .services import Services

INDEX_OPERATION = "get_dashboard"
STATIC_OPERATION = "get_static_file"
INDEX = "index.html"

CONTENT_TYPES = MappingProxyType(
    {
        "css": "text/css",
        "csv": "text/csv",
        "html": "text/html",
        "js": "text/javascript",
        "json": "application/json",
        "png": "image/png",
        "svg": "image/svg+xml",
    }
)

_FOLDERS = ("telemetryd.api", "telemetryd.charts")
_FOLDER = "static"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the package, as it is and compressed."""

    content_type: str
    body: bytes
    compressed: bytes
    tag: str


@cache
def assets() -> dict[str, Asset]:
    """Return all that ``/static`` has, and the index, by name; read once."""
    found = {}
    for package in _FOLDERS:
        for path in sorted(files(package).joinpath(_FOLDER).iterdir(), key=lambda path: path.name):
            content_type = CONTENT_TYPES.get(path.name.rpartition(".")[2])
            if content_type is not None:
                body = path.read_bytes()
                tag = hashlib.sha256(body).hexdigest()[:32]
                found[path.name] = Asset(content_type, body, gzip.compress(body, 6, mtime=0), tag)
    return found


def index_handler(services: Services) -> Handler:
    """Return the handler of ``GET /``; whatever parameters it has are the page's own."""

    async def get_dashboard(request: web.Request) -> web.StreamResponse:
        return sent(request, (await asyncio.to_thread(assets))[INDEX])

    return get_dashboard


def static_handler(services: Services) -> Handler:
    """Return the handler of ``GET /static/{name}``."""

    async def get_static_file(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        asset = (await asyncio.to_thread(assets)).get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return sent(request, asset)

    return get_static_file


def is_known(request: web.Request, tag: str) -> bool:
    """Whether the client says that it has what ``tag`` stands for."""
    return any(known.value in (tag, "*") for known in request.if_none_match or ())


def sent(request: web.Request, asset: Asset) -> web.Response:
    """Return a file as the answer: compressed for those who take that, and 304 for those who have it."""
    # It holds no data, so any cache may keep it.
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Encoding"}
    response = web.Response(content_type=asset.content_type, charset="utf-8", headers=headers)
    response.etag = ETag(asset.tag)
    if is_known(request, asset.tag):
        response.set_status(304)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response.headers["Content-Encoding"] = "gzip"
        response.body = asset.compressed
    else:
        response.body = asset.body
    return response
