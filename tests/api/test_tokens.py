"""The file of the tokens, and whose one is."""

from __future__ import annotations

import hashlib

import pytest

from telemetryd.api.tokens import ADMIN, LONGEST, MOST, READ, Tokens, digest_of
from telemetryd.model.errors import SettingsError

READER, OPERATOR = "a-token-to-read-with", "dG9rZW4+b3BlcmF0b3I/=="
FILE = f"""
# who may do what
read   grafana   {READER}
admin  ops@site  sha256:{hashlib.sha256(OPERATOR.encode()).hexdigest().upper()}  # 2026
"""


def parsed(text: str) -> Tokens:
    return Tokens.parse(text.encode(), "/etc/tokens")


def test_a_token_has_a_name_and_a_role() -> None:
    """Whether the file has the token or its digest."""
    tokens = parsed(FILE)
    assert bool(tokens)
    reader, operator = tokens.holder(READER), tokens.holder(OPERATOR)
    assert reader is not None and (reader.name, reader.role) == ("grafana", READ)
    assert operator is not None and (operator.name, operator.role) == ("ops@site", ADMIN)


@pytest.mark.parametrize(
    "secret", ["", READER[:-1], READER + "x", READER.upper(), digest_of(READER).hex(), "\udc80", "é"]
)
def test_what_is_no_token_is_nobodys(secret: str) -> None:
    """Neither a part of one nor its digest."""
    assert parsed(FILE).holder(secret) is None


def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an earlier one was right: how long it takes tells nothing of which it was."""
    import hmac

    compared: list[bytes] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    tokens = parsed(FILE)
    for secret in (READER, OPERATOR, "nobody's"):
        compared.clear()
        tokens.holder(secret)
        assert compared == [token.digest for token in tokens.tokens]


def test_of_a_token_only_the_digest_is_kept() -> None:
    """Nothing that is printed by mistake tells it."""
    assert READER not in repr(parsed(FILE))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"read {READER}", "found 2 words"),
        (f"read a b {READER}", "found 4 words"),
        (f"write me {READER}", "expected the role read or admin"),
        (f"read a/b {READER}", "expected a name"),
        ("read me short", "expected a token of 16 to 512"),
        ("read me " + "x" * (LONGEST + 1), "found one of 513 characters"),
        ("read me " + "x" * 20 + "(", "expected a token"),
        ("read me sha256:abc", "expected 64 hexadecimal digits"),
        (f"admin grafana x{OPERATOR}", "expected each name once, found grafana again"),
        (f"admin other {READER}", "expected each token once, found that of grafana again"),
    ],
)
def test_a_wrong_line_is_named_and_not_quoted(line: str, found: str) -> None:
    """By its number; a token never stands in a log."""
    with pytest.raises(SettingsError) as caught:
        parsed(f"read grafana {READER}\n\n{line}\nnor this\n")
    first, second = caught.value.mistakes
    assert found in first and "/etc/tokens, line 3" in first
    assert "line 4" in second
    assert READER not in str(caught.value)


def test_a_comment_begins_with_a_line_or_after_a_blank() -> None:
    """Within a token its sign is no character of one, and not where it ends."""
    assert parsed(f"# all of it\nread grafana {READER} # who draws\n").holder(READER)
    with pytest.raises(SettingsError, match="letters, digits or any of"):
        parsed(f"read grafana {READER}#more\n")


def test_a_file_without_tokens_is_a_mistake() -> None:
    """Whoever names one wants tokens to be asked for. So is one of too many, or of other bytes."""
    for contents, found in ((b"", "at least one"), (b"# all are commented out", "at least one"), (b"\xff", "ASCII")):
        with pytest.raises(SettingsError, match=found):
            Tokens.parse(contents, "/etc/tokens")
    with pytest.raises(SettingsError, match=f"at most {MOST}"):
        parsed("".join(f"read name{number} {READER}{number}\n" for number in range(MOST + 1)))
