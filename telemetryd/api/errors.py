"""How errors become answers: one table from the word of an error to its HTTP status."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from telemetryd.model.errors import TelemetrydError

# `error_type` -> status. Whatever is not here is our own fault: 500.
STATUS_OF = {
    "bad_request": 400,
    "invalid_parameter": 400,
    "invalid_body": 400,
    "cross_origin": 403,
    "not_found": 404,
    "unknown_report": 404,
    "unknown_operation": 404,
    "method_not_allowed": 405,
    "slow_body": 408,
    "body_too_large": 413,
    "uri_too_long": 414,
    "result_too_large": 422,
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
    """A page of another site asked a browser to change something here."""

    word = "cross_origin"


def failure_of(error: Exception, method: str, path: str) -> Failure:
    """Return the answer to a request that ended with ``error``."""
    if isinstance(error, TelemetrydError) and error.word in STATUS_OF:
        retry_after = getattr(error, "retry_after", None)
        headers = {} if retry_after is None else {"Retry-After": f"{max(1.0, retry_after):.0f}"}
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
