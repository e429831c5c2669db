"""What goes between the daemon and the process that draws."""

from __future__ import annotations

import io

import pytest

from telemetryd.charts.wire import (
    HEADER,
    LARGEST,
    Answer,
    BrowserEnded,
    BrowserStarted,
    Draw,
    Drawn,
    Drop,
    Failed,
    Garbled,
    Order,
    Ready,
    answer_of,
    error_of,
    failed,
    frame,
    length_of,
    order_of,
    read_order,
)
from telemetryd.model.errors import ChartFailed, ChartsUnavailable, ChartTimeout, TelemetrydError

ORDERS: list[Order] = [Draw(1, "png", 2.5, "/usr/bin/chromium", b"\0\xff"), Draw(2, "json", 1.0, "", b""), Drop(1)]
ANSWERS: list[Answer] = [
    Ready(),
    Drawn(1, b"\x89PNG"),
    Failed(2, "chart_failed", "why", 1.5),
    BrowserStarted("/usr/bin/chromium", 7, True),
    BrowserEnded("it ended"),
]


def test_orders_come_one_after_the_other() -> None:
    """As they were sent; after the last is the end."""
    stream = io.BytesIO(b"".join(map(frame, ORDERS)))
    assert [read_order(stream) for _ in ORDERS] == ORDERS
    with pytest.raises(EOFError):
        read_order(stream)


@pytest.mark.parametrize("cut", [1, HEADER, HEADER + 3])
def test_an_order_that_is_cut_short_is_the_end(cut: int) -> None:
    """Whoever wrote it is gone."""
    with pytest.raises(EOFError):
        read_order(io.BytesIO(frame(ORDERS[0])[:cut]))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_answers_come_as_they_were_sent(answer: Answer) -> None:
    """After a length that is theirs."""
    sent = frame(answer)
    assert length_of(sent[:HEADER]) == len(sent) - HEADER
    assert answer_of(sent[HEADER:]) == answer


def test_what_is_no_message() -> None:
    """Is told from one: text that got on the line, a message the other way, a length beyond all bounds."""
    for header in (b"\0\0\0\0", (LARGEST + 1).to_bytes(HEADER, "big"), b"Trac"):
        with pytest.raises(Garbled):
            length_of(header)
    with pytest.raises(Garbled, match="expected an answer"):
        answer_of(frame(ORDERS[0])[HEADER:])
    with pytest.raises(Garbled, match="expected an order"):
        order_of(b"eback (most recent call last)")


@pytest.mark.parametrize("error", [ChartFailed("why"), ChartTimeout("why"), ChartsUnavailable("why")])
def test_an_error_is_raised_where_the_chart_was_asked_for(error: TelemetrydError) -> None:
    """Of the same class, with the same sentence, to be tried again as soon."""
    if isinstance(error, ChartsUnavailable):
        error.retry_after = 12.0
    raised = error_of(failed(1, error))
    assert (type(raised), str(raised)) == (type(error), "why")
    assert getattr(raised, "retry_after", None) == getattr(error, "retry_after", None)


def test_an_error_of_another_kind_is_a_fault_of_ours() -> None:
    """Nothing else is expected of a chart."""
    assert type(error_of(Failed(1, "storage_error", "why"))) is ChartFailed
