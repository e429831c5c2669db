"""Bearer tokens: the file that lists them, and whose one is.

A line each: a role (``read`` or ``admin``), a name, and the token itself or, as ``sha256:`` and 64
hexadecimal digits, its digest. What follows a ``#`` is a comment.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .private_file import Read, read_private

SETTING = "http.tokens"
READ, ADMIN = "read", "admin"
ROLES = (READ, ADMIN)
# More could not be compared one by one for each request.
MOST = 100
# A token shorter than this can be guessed, whatever its characters are.
SHORTEST = 16
# No header of a client's is longer than a token may be.
LONGEST = 512

_DIGEST = "sha256:"
# A token may have such a sign in it only to be told that it is none of its characters.
_comment = re.compile(r"(?:^|\s)#")
_digest = re.compile(r"sha256:([0-9A-Fa-f]{64})", re.ASCII)
_name = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)
# What RFC 6750 lets a token be made of.
_token = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """Who has a token, and what it opens; of the token itself only the digest is known."""

    name: str
    role: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens there are; without any, none is asked for."""

    tokens: tuple[Token, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tokens)

    @classmethod
    def named(cls, settings: Settings, read: Read = read_private) -> Self:
        """Return the tokens of the file that ``settings`` name, none where they name none; raises :class:`SettingsError`."""
        path = settings.http.tokens
        return cls.parse(read(path, SETTING), path) if path else cls()

    @classmethod
    def parse(cls, contents: bytes, path: str) -> Self:
        """Return the tokens that a file lists; raises :class:`SettingsError` with a sentence for each line that is wrong."""
        try:
            lines = contents.decode("ascii").splitlines()
        except UnicodeDecodeError:
            raise SettingsError([f"{SETTING}: expected ASCII, found other bytes ({path})"]) from None
        tokens: list[Token] = []
        mistakes = []
        for number, line in enumerate(lines, 1):
            words = _comment.split(line, maxsplit=1)[0].split()
            if not words:
                continue
            found = _token_of(words, tokens)
            if isinstance(found, Token):
                tokens.append(found)
            else:
                mistakes.append(f"{SETTING}: expected {found} ({path}, line {number})")
        if not mistakes and not tokens:
            mistakes.append(f"{SETTING}: expected at least one token, found none ({path})")
        if len(tokens) > MOST:
            mistakes.append(f"{SETTING}: expected at most {MOST} tokens, found {len(tokens)} ({path})")
        if mistakes:
            raise SettingsError(mistakes)
        return cls(tuple(tokens))

    def holder(self, secret: str) -> Token | None:
        """Return whose token ``secret`` is, None where it is nobody's."""
        return self.of_digest(digest_of(secret))

    def of_digest(self, digest: bytes) -> Token | None:
        """Return the token of a digest. All are compared, each in constant time: how long it takes tells nothing."""
        found = None
        for token in self.tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def differences(before: Tokens, after: Tokens) -> tuple[str, str, str]:
    """Return the names of tokens that are new, that are gone, and that are others than before."""
    old, new = ({each.name: each for each in tokens.tokens} for tokens in (before, after))
    changed = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    added, removed, others = (", ".join(sorted(each)) for each in (new.keys() - old, old.keys() - new, changed))
    return added, removed, others


def digest_of(secret: str) -> bytes:
    """Return what is known of a token: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _token_of(words: list[str], others: Iterable[Token]) -> Token | str:
    """Return the token that a line's words say, or what was expected and found instead; never the token itself."""
    if len(words) != 3:
        return f"a role, a name and a token, found {len(words)} words"
    role, name, secret = words
    if role not in ROLES:
        return f"the role {' or '.join(ROLES)} in the first place, found another word"
    if not _name.fullmatch(name):
        return "a name of 1 to 64 letters, digits, dots, dashes or @, found other characters in the second place"
    if secret.startswith(_DIGEST):
        found = _digest.fullmatch(secret)
        if found is None:
            return f"64 hexadecimal digits after {_DIGEST}, found otherwise"
        digest = bytes.fromhex(found[1])
    elif not SHORTEST <= len(secret) <= LONGEST or not _token.fullmatch(secret):
        return f"a token of {SHORTEST} to {LONGEST} letters, digits or any of ._~+/=-, found one of {len(secret)} characters"
    else:
        digest = digest_of(secret)
    for other in others:
        if other.name == name:
            return f"each name once, found {name} again"
        if other.digest == digest:
            return f"each token once, found that of {other.name} again"
    return Token(name, role, digest)
