"""Sessions: what a browser holds in place of a token, for it cannot send one with an image, a link or a stream.

A session lasts as long as its token is listed, at most ``LIFETIME``, and not beyond the daemon's own end.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .tokens import Token, Tokens, digest_of

# In seconds: a working day.
LIFETIME = 12 * 3600
# Held at once for a token; beyond it the oldest of the same token ends.
EACH = 100


@dataclass(frozen=True, slots=True)
class _Session:
    token: bytes
    ends: float


class Sessions:
    """All sessions; of each only digests are held. Times in Unix seconds."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, _Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, token: Token, now: float) -> str:
        """Return the secret of a new session for whoever holds ``token``."""
        own = [digest for digest, session in self._sessions.items() if session.token == token.digest]
        if len(own) >= EACH:
            del self._sessions[own[0]]
        secret = secrets.token_urlsafe(32)
        self._sessions[digest_of(secret)] = _Session(token.digest, now + LIFETIME)
        return secret

    def holder(self, secret: str, tokens: Tokens, now: float) -> Token | None:
        """Return the token behind a session, None where it is over, or its token is listed no more."""
        digest = digest_of(secret)
        session = self._sessions.get(digest)
        if session is None:
            return None
        token = tokens.of_digest(session.token)
        # A clock that was set back must not make it last.
        if token is None or not session.ends - LIFETIME <= now < session.ends:
            del self._sessions[digest]
            return None
        return token

    def keep(self, tokens: Tokens) -> None:
        """End all sessions but those of the tokens that are listed, of which there can be only so many."""
        listed = {token.digest for token in tokens.tokens}
        self._sessions = {digest: session for digest, session in self._sessions.items() if session.token in listed}

    def end(self, secret: str) -> None:
        """End a session, if there is one."""
        self._sessions.pop(digest_of(secret), None)
