from __future__ import annotations

import pytest

from telemetryd.hooks.answers import read_answer


def test_a_welcome_tells_what_the_daemon_has_and_wants() -> None:
    """All of a welcome is read; what it leaves out has the protocol's defaults."""
    welcome = read_answer(b'{"welcome": {"version": 1, "last_batch": 16, "enabled": false}}').welcome
    assert welcome is not None
    assert (welcome.last_batch, welcome.enabled, welcome.max_line_bytes) == (16, False, 1 << 20)


def test_acks_refusals_and_settings_are_told_apart() -> None:
    """Each answer says one thing, with what belongs to it."""
    assert read_answer(b'{"ack": 17}').ack == 17
    refusal = read_answer(b'{"nack": 18, "error": "disk", "retry_after": 2.5}')
    assert (refusal.nack, refusal.retry_after) == (18, 2.5)
    settings = read_answer(b'{"settings": {"enabled": false}}').settings
    assert settings is not None
    assert not settings.enabled


@pytest.mark.parametrize("line", [b"", b"no json", b"[1]", b'{"ack": "x"}', b"\xff\xfe"])
def test_what_cannot_be_read_is_an_error_line(line: bytes) -> None:
    """Whatever comes, it is an answer."""
    assert read_answer(line).error is not None


def test_unknown_answers_say_nothing() -> None:
    """A later daemon may say more than this version knows."""
    answer = read_answer(b'{"later": {"version": 2}}')
    assert (answer.ack, answer.nack, answer.welcome, answer.settings, answer.error) == (None,) * 5
