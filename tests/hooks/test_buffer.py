from __future__ import annotations

import threading

from telemetryd.hooks.buffer import Buffer
from telemetryd.hooks.notes import KIND, MARK, Note


def note(at: float, status: str = "completed") -> Note:
    return (at, 0.0, str, status)


def test_notes_come_out_in_the_order_of_their_instants() -> None:
    """`processing` is kept apart and still comes out between what was before and after it."""
    buffer = Buffer(10)
    buffer.put(note(1, "start"))
    buffer.put_processing(note(2, "processing"))
    buffer.put(note(3, "completed"))
    buffer.put_processing(note(4, "processing"))
    assert [each[0] for each in buffer.take(10)] == [1, 2, 3, 4]


def test_taking_is_limited() -> None:
    """No more is taken than asked for; the rest stays."""
    buffer = Buffer(10)
    for at in range(5):
        buffer.put(note(at))
    assert [each[0] for each in buffer.take(2)] == [0, 1]
    assert len(buffer) == 3


def test_a_full_buffer_gives_up_its_newest_processing_for_anything_else() -> None:
    """Starts and ends displace the newest `processing`; the older ones stay."""
    buffer = Buffer(3)
    buffer.put_processing(note(1, "processing"))
    buffer.put_processing(note(2, "processing"))
    buffer.put(note(3))
    buffer.put(note(4))
    assert buffer.dropped.value == 1
    assert [each[0] for each in buffer.take(10)] == [1, 3, 4]


def test_a_full_buffer_drops_a_processing_that_comes() -> None:
    """`processing` displaces nothing."""
    buffer = Buffer(2)
    buffer.put(note(1))
    buffer.put_processing(note(2, "processing"))
    buffer.put_processing(note(3, "processing"))
    assert buffer.dropped.value == 1
    assert [each[0] for each in buffer.take(10)] == [1, 2]


def test_a_buffer_full_of_what_matters_drops_what_comes() -> None:
    """Where there is no `processing` to give up, the newest event is lost, and counted."""
    buffer = Buffer(2)
    for at in range(5):
        buffer.put(note(at))
    assert buffer.dropped.value == 3
    assert [each[0] for each in buffer.take(10)] == [0, 1]


def test_a_mark_comes_out_behind_all_that_was_noted_before_it() -> None:
    """Also behind a `processing`, and even when the buffer is full."""
    buffer = Buffer(2)
    buffer.put(note(1))
    buffer.put_processing(note(2, "processing"))
    passed = buffer.mark(3)
    buffer.put_processing(note(4, "processing"))
    taken = buffer.take(10)
    assert [each[0] for each in taken] == [1, 2, 3]
    assert taken[2][KIND] == MARK
    assert taken[2][3] is passed


def test_marks_do_not_pile_up() -> None:
    """Flushing again and again while nothing happens leaves one mark."""
    buffer = Buffer(10)
    buffer.put(note(1))
    first = buffer.mark(2)
    assert buffer.mark(3) is first
    buffer.put_processing(note(4, "processing"))
    assert buffer.mark(5) is not first
    assert len(buffer) == 4


def test_threads_that_put_while_another_takes_lose_and_double_nothing() -> None:
    """What was put is taken once or counted as dropped, however the threads meet."""
    buffer = Buffer(64)
    stop = threading.Event()
    taken: list[Note] = []

    def put(thread: int) -> None:
        for number in range(2_000):
            at = float(number)
            if number % 2:
                buffer.put_processing((at, thread, str, "processing"))
            else:
                buffer.put((at, thread, str, "completed"))

    def take() -> None:
        while not stop.is_set() or buffer:
            taken.extend(buffer.take(50))

    taker = threading.Thread(target=take)
    putters = [threading.Thread(target=put, args=(thread,)) for thread in range(3)]
    for each in (taker, *putters):
        each.start()
    for each in putters:
        each.join()
    stop.set()
    taker.join()
    assert len(taken) + buffer.dropped.value == 6_000
    assert len({each[:2] for each in taken}) == len(taken)
