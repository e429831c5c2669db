"""How errors become answers."""

from __future__ import annotations

import pytest
from aiohttp import web

from telemetryd.api.errors import MAX_SENTENCE, STATUS_OF, CrossOrigin, InvalidBody, failure_of, sentence_of
from telemetryd.model import errors


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (errors.InvalidParameter("a", "b", "c"), 400, "invalid_parameter"),
        (InvalidBody("x"), 400, "invalid_body"),
        (CrossOrigin("x"), 403, "cross_origin"),
        (errors.UnknownOperation("x"), 404, "unknown_operation"),
        (errors.ResultTooLarge("x"), 422, "result_too_large"),
        (errors.QueryTimeout("x"), 503, "query_timeout"),
        (errors.Busy("x"), 503, "busy"),
        (errors.StorageError("x"), 503, "storage_error"),
        (errors.StorageUnavailable("x"), 503, "storage_unavailable"),
        (errors.CorruptFile("x"), 500, "corrupt_file"),
        (web.RequestPayloadError("x"), 400, "invalid_body"),
        (web.HTTPNotFound(), 404, "not_found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method_not_allowed"),
        (web.HTTPRequestEntityTooLarge(10, 11), 413, "body_too_large"),
        (web.HTTPBadRequest(), 400, "bad_request"),
        (KeyError("secret"), 500, "internal_error"),
        (errors.Rejected("odd", "secret"), 500, "internal_error"),
    ],
)
def test_each_error_has_its_status_and_word(error: Exception, status: int, word: str) -> None:
    """One table gives every error its status; what is not in it is ours, and says nothing of its inside."""
    failed = failure_of(error, "PUT", "/x")
    assert (failed.status, failed.error_type) == (status, word)
    assert STATUS_OF[word] == status
    assert failed.sentence and "secret" not in failed.sentence


def test_busy_says_when_to_come_again() -> None:
    """An answer that asks for patience says how much."""
    assert failure_of(errors.Busy("x"), "GET", "/").headers == {"Retry-After": "1"}


def test_a_wrong_method_names_the_right_ones() -> None:
    """The answer lists what the path does take."""
    failed = failure_of(web.HTTPMethodNotAllowed("PUT", ["POST", "GET"]), "PUT", "/x")
    assert failed.headers == {"Allow": "GET, POST"}
    assert failed.sentence == "expected the method GET, POST, found PUT"


def test_sentences_are_short_and_valid() -> None:
    """However long what a sentence quotes, and whatever bytes it came from, the answer can carry it."""
    assert len(sentence_of("x" * 10_000)) == MAX_SENTENCE
    assert sentence_of("a\udcff") == "a\\udcff"
