"""Lines become values or rejections, whatever bytes they hold."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetryd.model.codec import (
    Batch,
    Hello,
    Single,
    decode_event,
    decode_frame,
    encode_batch,
    encode_event,
    encode_line,
)
from telemetryd.model.errors import Rejected
from telemetryd.model.events import HEALTHS, STATUSES, BackendHealthChange, Event, OperationStart, StatusChange

words = st.text(min_size=1, max_size=64)
ids = st.text(min_size=1, max_size=256)
timestamps = st.floats(-1e12, 1e12)
events: st.SearchStrategy[Event] = (
    st.builds(OperationStart, ids, words, words, timestamps, st.none() | st.integers(0, 2**63 - 1))
    | st.builds(
        StatusChange,
        ids,
        st.sampled_from(STATUSES),
        timestamps,
        operation_type=st.none() | words,
        backend=st.none() | words,
        latency=st.none() | st.floats(0, 1e9),
        retry_count=st.none() | st.integers(0, 2**31 - 1),
        error=st.none() | st.text(),
        error_type=st.none() | st.text(),
        size=st.none() | st.integers(0, 2**63 - 1),
    )
    | st.builds(BackendHealthChange, words, st.sampled_from(HEALTHS), timestamps, st.none() | st.sampled_from(HEALTHS))
)

START: dict[str, Any] = {
    "event": "operation_start",
    "operation_id": "a",
    "operation_type": "add",
    "backend": "ipfs",
    "timestamp": 1.5,
}
CHANGE: dict[str, Any] = {"event": "status_change", "operation_id": "a", "status": "completed", "timestamp": 2}
HEALTH: dict[str, Any] = {"event": "backend_health_change", "backend": "s3", "new_status": "online", "timestamp": 3.0}
DEEP = b"[" * 100_000


def line(value: object) -> bytes:
    return json.dumps(value).encode()


def reason(frame: bytes) -> str:
    with pytest.raises(Rejected) as rejected:
        decode_frame(frame)
    return rejected.value.word


@given(events)
def test_an_event_comes_back_as_it_went(event: Event) -> None:
    """Alone on its line, without a newline in it."""
    encoded = encode_event(event)
    assert b"\n" not in encoded
    assert decode_event(encoded) == event
    assert decode_frame(encoded) == Single(event)


@given(st.integers(1, 2**63 - 1), st.lists(events, max_size=5))
def test_a_batch_comes_back_as_it_went(number: int, sent: list[Event]) -> None:
    """One line, ended by its newline."""
    encoded = encode_batch(number, sent)
    assert encoded.endswith(b"\n") and encoded.count(b"\n") == 1
    assert decode_frame(encoded[:-1]) == Batch(number, sent)


@pytest.mark.parametrize(
    ("value", "event"),
    [
        (START, OperationStart("a", "add", "ipfs", 1.5)),
        (CHANGE, StatusChange("a", "completed", 2.0)),
        (HEALTH, BackendHealthChange("s3", "online", 3.0)),
        (CHANGE | {"from_the_future": [1, {"x": None}]}, StatusChange("a", "completed", 2.0)),
        (CHANGE | {"size": None, "error": None}, StatusChange("a", "completed", 2.0)),
    ],
)
def test_an_event_is_read_as_the_wire_writes_it(value: dict[str, Any], event: Event) -> None:
    """Whole numbers are timestamps too, unknown fields are ignored, null is absent."""
    assert decode_frame(line(value)) == Single(event)


def test_a_hello_is_read_with_its_defaults() -> None:
    """Only the producer's name is asked for."""
    assert decode_frame(b'{"hello": {"producer": "wal-1"}}') == Hello("wal-1", 1, 0)
    assert decode_frame(b'{"hello": {"producer": "wal-1", "version": 2, "dropped": 7}}') == Hello("wal-1", 2, 7)


def test_a_bad_event_costs_its_batch_nothing_else() -> None:
    """The others are taken, in their order; each bad one is a rejection with its reason."""
    batch = decode_frame(line({"batch": 3, "events": [START, {"event": "nonsense"}, CHANGE, 17, HEALTH]}))
    assert isinstance(batch, Batch)
    assert batch.number == 3
    assert [type(event) for event in batch.events] == [OperationStart, StatusChange, BackendHealthChange]
    assert [rejection.word for rejection in batch.rejections] == ["unknown_event", "not_an_object"]


def test_an_event_nested_without_end_costs_its_batch_nothing_else() -> None:
    """The batch has its number, so it can be answered; its other events are taken."""
    deep = line(CHANGE)[:-1] + b',"more":' + DEEP + b"]" * DEEP.count(b"[") + b"}"
    batch = decode_frame(b'{"batch":3,"events":[%b,%b,%b]}' % (line(START), deep, line(HEALTH)))
    assert isinstance(batch, Batch)
    assert batch.number == 3
    assert [type(event) for event in batch.events] == [OperationStart, BackendHealthChange]
    assert [rejection.word for rejection in batch.rejections] == ["too_deep"]


def test_what_is_nested_without_end_beside_the_events_is_ignored() -> None:
    """As any unknown field is."""
    deep = DEEP + b"]" * DEEP.count(b"[")
    assert decode_frame(b'{"more":%b,"batch":3,"events":[%b]}' % (deep, line(HEALTH))) == Batch(
        3, [BackendHealthChange("s3", "online", 3.0)], []
    )


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (b"hello?", "not_json"),
        (b'{"event": "status_change", ', "not_json"),
        (line(CHANGE) + b" trailing", "not_json"),
        (b"\xff\xfe", "not_json"),
        (line({"event": "status_change", "operation_id": "?"}).replace(b"?", b"\xff"), "not_utf8"),
        (b"17", "not_an_object"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b"{}", "missing_field"),
        (line({"event": "nonsense"}), "unknown_event"),
        (line({"event": None}), "unknown_event"),
        (line({"event": "operation_start", "operation_id": "a"}), "missing_field"),
        (line(CHANGE | {"status": "done"}), "bad_status"),
        (line(CHANGE | {"status": 3}), "bad_status"),
        (line(HEALTH | {"new_status": "sick"}), "bad_status"),
        (line(HEALTH | {"old_status": "sick"}), "bad_status"),
        (line(CHANGE | {"timestamp": "now"}), "bad_value"),
        (line(CHANGE | {"timestamp": True}), "bad_value"),
        (line(CHANGE | {"timestamp": 10**400}), "bad_value"),
        (line(CHANGE | {"operation_id": ""}), "bad_value"),
        (line(CHANGE | {"operation_id": "a" * 257}), "bad_value"),
        (line(CHANGE | {"latency": -1.0}), "bad_value"),
        (line(CHANGE | {"retry_count": 2**31}), "bad_value"),
        (line(CHANGE | {"size": 2**63}), "bad_value"),
        (line(START | {"operation_type": "t" * 65}), "bad_value"),
        (line(START | {"backend": ""}), "bad_value"),
        (line({"batch": 1}), "bad_batch"),
        (line({"events": []}), "bad_batch"),
        (line({"batch": 0, "events": []}), "bad_batch"),
        (line({"batch": 2**63, "events": []}), "bad_batch"),
        (line({"batch": "1", "events": []}), "bad_batch"),
        (line({"batch": 1, "events": {}}), "bad_batch"),
        (line({"hello": {}}), "bad_hello"),
        (line({"hello": {"producer": ""}}), "bad_hello"),
        (line({"hello": {"producer": "p", "dropped": -1}}), "bad_hello"),
        (line({"hello": "me"}), "bad_hello"),
        (DEEP, "not_an_object"),
        (b'{"more":' + DEEP, "too_deep"),
        (b'{"event":"status_change","more":' + DEEP, "too_deep"),
        (b'{"batch":1,"events":' + DEEP, "too_deep"),
    ],
)
def test_a_line_that_cannot_be_taken_says_why(frame: bytes, word: str) -> None:
    """One word for each reason, and a sentence that says what was expected."""
    assert reason(frame) == word


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["event", "batch", "events", "hello"]), inner),
    ).map(line)
)
@example(b"")
@example(b'{"event":"status_change","operation_id":"\\ud800","status":"pending","timestamp":1}')
def test_no_line_raises_anything_but_a_rejection(frame: bytes) -> None:
    """A connection outlives whatever comes over it."""
    with contextlib.suppress(Rejected):
        decode_frame(frame)


def test_answers_are_one_line_each() -> None:
    """Whatever a sentence holds."""
    assert encode_line({"error": "two\nlines"}) == b'{"error":"two\\nlines"}\n'
