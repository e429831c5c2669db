"""The body of a POST: one JSON object, or the same as a form."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from .errors import InvalidBody, SlowBody

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
