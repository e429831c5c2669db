"""What a browser holds in place of a token."""

from __future__ import annotations

from telemetryd.api.sessions import EACH, LIFETIME, Sessions
from telemetryd.api.tokens import ADMIN, READ, Token, Tokens, digest_of

NOW = 1_700_000_000.0
TOKEN = Token("reader", READ, digest_of("a-token-to-read-with"))
TOKENS = Tokens((TOKEN,))


def test_a_session_stands_for_its_token() -> None:
    """Until it is ended; nobody can guess another."""
    sessions = Sessions()
    secret = sessions.begin(TOKEN, NOW)
    assert sessions.holder(secret, TOKENS, NOW + 1) is TOKEN
    assert len(secret) >= 40 and secret != sessions.begin(TOKEN, NOW)
    assert sessions.holder(secret[:-1], TOKENS, NOW) is None
    sessions.end(secret)
    sessions.end(secret)
    assert sessions.holder(secret, TOKENS, NOW + 1) is None


def test_a_session_ends_by_itself() -> None:
    """After a day's work, and where the clock is from before it."""
    sessions = Sessions()
    for late in (LIFETIME, -1):
        secret = sessions.begin(TOKEN, NOW)
        assert sessions.holder(secret, TOKENS, NOW + LIFETIME - 1) is TOKEN
        assert sessions.holder(secret, TOKENS, NOW + late) is None
        assert sessions.holder(secret, TOKENS, NOW) is None, "it does not come back"
    assert len(sessions) == 0


def test_a_session_ends_with_its_token() -> None:
    """As soon as it is listed no more."""
    sessions = Sessions()
    secret = sessions.begin(TOKEN, NOW)
    assert sessions.holder(secret, Tokens(), NOW) is None
    assert sessions.holder(secret, TOKENS, NOW) is None


def test_sessions_are_bounded_and_kept_as_digests() -> None:
    """The oldest makes room; what is in memory opens nothing."""
    sessions = Sessions()
    first = sessions.begin(TOKEN, NOW)
    for _ in range(EACH):
        last = sessions.begin(TOKEN, NOW)
    assert len(sessions) == EACH
    assert sessions.holder(first, TOKENS, NOW) is None
    assert sessions.holder(last, TOKENS, NOW) is TOKEN
    assert last not in str(vars(sessions))


def test_a_token_ends_no_sessions_but_its_own() -> None:
    """However many are begun with it."""
    other = Token("operator", ADMIN, digest_of("a-token-for-the-operator"))
    sessions = Sessions()
    secrets = [sessions.begin(other, NOW) for _ in range(EACH)]
    for _ in range(20 * EACH):
        sessions.begin(TOKEN, NOW)
    assert all(sessions.holder(secret, Tokens((TOKEN, other)), NOW) is other for secret in secrets)
    assert len(sessions) == 2 * EACH


def test_of_tokens_that_are_listed_no_more_nothing_is_kept() -> None:
    """So that no number of reloads makes them many; those of the others go on."""
    other = Token("operator", ADMIN, digest_of("a-token-for-the-operator"))
    sessions = Sessions()
    kept, gone = sessions.begin(TOKEN, NOW), sessions.begin(other, NOW)
    sessions.keep(TOKENS)
    assert len(sessions) == 1
    assert sessions.holder(kept, TOKENS, NOW) is TOKEN
    assert sessions.holder(gone, Tokens((TOKEN, other)), NOW) is None
