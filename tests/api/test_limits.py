"""How often one may ask for what is costly."""

from __future__ import annotations

import pytest

from telemetryd.api.limits import BURST, MOST_CLIENTS, TOGETHER, Bucket, RateLimit


def test_a_bucket_gives_what_it_holds_and_fills_again() -> None:
    """A third of a minute's at once, then as many as come in."""
    bucket = Bucket.full(60, 0)
    for _ in range(int(60 * BURST)):
        assert bucket.wait(0) == 0
        bucket.take()
    assert bucket.wait(0) == pytest.approx(1)
    assert bucket.wait(0.75) == pytest.approx(0.25)
    assert bucket.wait(1.01) == 0


def test_a_bucket_holds_no_more_than_its_size_and_forgets_nothing_to_a_clock() -> None:
    """However long nobody asks, and whichever way the clock steps."""
    bucket = Bucket.full(60, 0)
    bucket.take()
    assert bucket.wait(1e9) == 0 and bucket.level == bucket.size
    bucket.level = 0.5
    assert bucket.wait(0) == pytest.approx(0.5)


def test_each_client_has_its_own() -> None:
    """One that asks too often takes nothing from another."""
    limit = RateLimit(30)
    assert [limit.wait("one", 0) for _ in range(10)] == [0] * 10
    assert limit.wait("one", 0) > 0
    assert limit.wait("other", 0) == 0


def test_all_together_have_one_too() -> None:
    """Whoever has many addresses is no better off than a few clients."""
    limit = RateLimit(30)
    taken = sum(limit.wait(f"client {number}", 0) == 0 for number in range(1000))
    assert taken == 30 * BURST * TOGETHER


def test_the_clients_remembered_are_bounded() -> None:
    """However many addresses there are."""
    limit = RateLimit(1_000_000)
    for number in range(MOST_CLIENTS + 10):
        limit.wait(f"client {number}", 0)
    assert len(limit._clients) == MOST_CLIENTS


def test_another_number_holds_at_once() -> None:
    """The same number again forgives nobody."""
    limit = RateLimit(3)
    assert limit.wait("one", 0) == 0
    limit.change(3)
    assert limit.wait("one", 0) > 0
    limit.change(6)
    assert limit.wait("one", 0) == 0
