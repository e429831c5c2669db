"""How errors become answers: one table from the word of an error to its HTTP status."""

from __future__ import annotations

import math
from typing import NamedTuple

from aiohttp import web

from telemetryd.model.errors import TelemetrydError

# `error_type` -> status. Whatever is not here is our own fault: 500.
STATUS_OF = {
    "bad_request": 400,
    "invalid_parameter": 400,
    "invalid_body": 400,
    "unauthorized": 401,
    "cross_origin": 403,
    "forbidden": 403,
    "not_found": 404,
    "unknown_report": 404,
    "unknown_operation": 404,
    "method_not_allowed": 405,
    "slow_body": 408,
    "slow_request": 408,
    "body_too_large": 413,
    "uri_too_long": 414,
    "unknown_host": 421,
    "result_too_large": 422,
    "rate_limited": 429,
    "headers_too_large": 431,
    "chart_failed": 500,
    "internal_error": 500,
    "corrupt_file": 500,
    "busy": 503,
    "chart_timeout": 503,
    "charts_unavailable": 503,
    "not_ready": 503,
    "query_timeout": 503,
    "storage_error": 503,
    "storage_unavailable": 503,
}
# No sentence is longer, however long what it quotes.
MAX_SENTENCE = 500

_WORD_OF_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "uri_too_long",
}


class Failure(NamedTuple):
    """What a failed request is answered with."""

    status: int
    error_type: str
    sentence: str
    headers: dict[str, str]


class InvalidBody(TelemetrydError):
    """The body of a request is not what its route takes."""

    word = "invalid_body"


class SlowBody(TelemetrydError):
    """The body of a request did not come in time."""

    word = "slow_body"


class CrossOrigin(TelemetrydError):
    """A page of another site asked a browser for something here."""

    word = "cross_origin"


class UnknownHost(TelemetrydError):
    """A request calls this daemon by a name that is none of its own."""

    word = "unknown_host"


class Unauthorized(TelemetrydError):
    """A request shows no token or session where one is needed, or one that is nobody's (``shown``)."""

    word = "unauthorized"

    def __init__(self, message: str, *, shown: bool) -> None:
        super().__init__(message)
        self.headers = {"WWW-Authenticate": 'Bearer realm="telemetryd"' + (', error="invalid_token"' if shown else "")}


class Forbidden(TelemetrydError):
    """A token opens less than a request needs."""

    word = "forbidden"

    def __init__(self, message: str, needs: str) -> None:
        super().__init__(message)
        self.headers = {"WWW-Authenticate": f'Bearer realm="telemetryd", error="insufficient_scope", scope="{needs}"'}


class RateLimited(TelemetrydError):
    """More was asked for than a client may ask for in a while; try again after ``retry_after`` s."""

    word = "rate_limited"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def failure_of(error: Exception, method: str, path: str) -> Failure:
    """Return the answer to a request that ended with ``error``."""
    if isinstance(error, TelemetrydError) and error.word in STATUS_OF:
        retry_after = getattr(error, "retry_after", None)
        headers = dict(getattr(error, "headers", {}))
        if retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
        return Failure(STATUS_OF[error.word], error.word, sentence_of(str(error)), headers)
    if isinstance(error, web.HTTPException):
        return _of_http(error, method, path)
    if isinstance(error, web.RequestPayloadError):
        return Failure(400, "invalid_body", "expected a body in the encoding that its headers name, found another", {})
    return Failure(500, "internal_error", "the daemon failed to answer this request; its log says why", {})


def sentence_of(text: str) -> str:
    """Return ``text`` as any answer can carry it: valid Unicode, and never long."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= MAX_SENTENCE else clean[: MAX_SENTENCE - 1] + "…"


def _of_http(error: web.HTTPException, method: str, path: str) -> Failure:
    word = _WORD_OF_STATUS.get(error.status, "bad_request")
    headers = {}
    if isinstance(error, web.HTTPNotFound):
        sentence = f"expected the path of a route, found {path!r}"
    elif isinstance(error, web.HTTPMethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        sentence = f"expected the method {headers['Allow']}, found {method}"
    elif isinstance(error, web.HTTPRequestEntityTooLarge):
        sentence = "expected a shorter body: " + (error.text or error.reason)
    else:
        sentence = error.text or error.reason
    return Failure(STATUS_OF[word], word, sentence_of(sentence), headers)
