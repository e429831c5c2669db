"""The form of every JSON answer."""

from __future__ import annotations

import json
import math

from telemetryd.api.envelope import answer, encode, failure, success


def test_success_has_three_keys_and_its_content() -> None:
    """An answer says that it succeeded, to what, and when."""
    assert success("get_it", 1.5, it=1) == {"success": True, "operation": "get_it", "timestamp": 1.5, "it": 1}


def test_failure_says_one_sentence_twice() -> None:
    """A failure has the sentence as ``error`` and as ``detail``, and a word for programs."""
    assert failure("get_it", 1.5, "busy", "expected less", more=2) == {
        "success": False,
        "operation": "get_it",
        "timestamp": 1.5,
        "error": "expected less",
        "error_type": "busy",
        "detail": "expected less",
        "more": 2,
    }


def test_no_answer_holds_nan_or_infinity() -> None:
    """What is no number is null."""
    assert encode([math.nan, math.inf, -math.inf, 1.0]) == b"[null,null,null,1.0]"


def test_an_answer_is_json() -> None:
    """Status, headers and content type are those of the envelope."""
    response = answer({"success": False}, 503, {"Retry-After": "1"})
    assert (response.status, response.content_type, response.headers["Retry-After"]) == (503, "application/json", "1")
    assert isinstance(response.body, bytes) and json.loads(response.body) == {"success": False}
