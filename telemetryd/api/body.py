"""The body of a POST: one JSON object, or the same as a form; and from whom it may come."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from .errors import CrossOrigin, InvalidBody, SlowBody

# How long a client may take to send a body, in seconds.
PATIENCE = 10.0

_FORM = "application/x-www-form-urlencoded"


async def changes_of(request: web.Request, patience: float = PATIENCE) -> dict[str, Any]:
    """Return the object that the body says; raises :class:`InvalidBody` where it says none.

    Raises :class:`SlowBody` where the body is not whole within ``patience`` s.
    What starts with a brace is JSON whatever the content type says, for ``curl -d`` calls it a form.
    """
    if (encoding := request.headers.get("Content-Encoding", "identity")) != "identity":
        raise InvalidBody(f"expected a body as it is, found one encoded as {encoding[:40]}")
    try:
        async with asyncio.timeout(patience):
            body = await request.read()
    except TimeoutError:
        raise SlowBody(f"expected the whole body within {patience:g} s, found part of it") from None
    return object_of(body, form=request.content_type == _FORM)


def object_of(body: bytes, *, form: bool) -> dict[str, Any]:
    """Return the object that a body says, as JSON or, where that is what it is called, as a form; raises :class:`InvalidBody`."""
    if form and not body.lstrip().startswith(b"{"):
        return _from_form(body)
    try:
        found = json.loads(body, object_pairs_hook=_unrepeated, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise InvalidBody(f"expected a JSON object, found otherwise: {error}") from None
    if not isinstance(found, dict):
        raise InvalidBody(f"expected a JSON object, found {_KINDS[type(found)]}")
    return found


def refuse_other_sites(request: web.Request) -> None:
    """Raise :class:`CrossOrigin` where a browser sends what a page of another site asked it to.

    Without it, any page that a node's owner visits could change the settings of a daemon on the loopback:
    directly, or from a name of its own that it had the browser look up anew, as this computer.
    """
    _refuse_borrowed_names(request)
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossOrigin(f"expected a request of this site or of no browser, found one that is {site[:40]}")
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise CrossOrigin(f"expected a request of this site or of no browser, found the origin {origin[:80]}")


def _refuse_borrowed_names(request: web.Request) -> None:
    """Raise where a page says that the loopback is its own site, under another name.

    One that came by TLS is of a proxy here that has a certificate for the name.
    """
    origin = request.headers.get("Origin", "")
    bound = request.get_extra_info("sockname")
    if not origin.startswith("http://") or not isinstance(bound, tuple) or not _is_loopback(bound[0]):
        return
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        name = ""
    if not _is_loopback(name):
        raise CrossOrigin(f"expected a page of localhost, or one by https, found one that calls it {request.host[:80]}")


def _is_loopback(name: str) -> bool:
    """Whether a name or an address is always this computer's own."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


_KINDS = {list: "an array", str: "text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _from_form(body: bytes) -> dict[str, Any]:
    if not body:
        raise InvalidBody("expected a JSON object or a form, found an empty body")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100
        )
    except ValueError as error:
        raise InvalidBody(f"expected a form, found otherwise: {error}") from None
    return _unrepeated([(name, _from_text(text)) for name, text in pairs])


def _from_text(text: str) -> object:
    words: dict[str, object] = {"true": True, "false": False}
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    return words.get(text.lower(), text)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidBody(f"{name[:80]}: expected to be given once, found twice")
        found[name] = value
    return found


def _refused(word: str) -> Any:
    raise InvalidBody(f"expected a JSON object, found {word}, which JSON has not")
