"""The form that every JSON answer has, and its bytes."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Return ``value`` as JSON; NaN and infinity become null."""
    return _encoder.encode(value)


def success(operation: str, now: float, **content: Any) -> dict[str, Any]:
    """Return the envelope of an answer; ``now`` in Unix seconds."""
    return {"success": True, "operation": operation, "timestamp": now, **content}


def failure(operation: str, now: float, error_type: str, sentence: str, **content: Any) -> dict[str, Any]:
    """Return the envelope of a failure; ``sentence`` says what was expected and what was found."""
    words = {"error": sentence, "error_type": error_type, "detail": sentence}
    return {"success": False, "operation": operation, "timestamp": now, **words, **content}


def answer(envelope: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return the response that carries ``envelope``, whatever the client says it accepts."""
    return web.Response(body=encode(envelope), status=status, headers=headers, content_type="application/json")
