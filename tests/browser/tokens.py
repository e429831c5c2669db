"""Who may ask a daemon that asks who is there."""

from __future__ import annotations

from pathlib import Path

READER, OPERATOR = "a-token-to-read-with", "a-token-for-the-operator"


def file_of_tokens(folder: Path) -> Path:
    """Write the file of these tokens, and return its path."""
    tokens = folder / "tokens"
    tokens.touch(mode=0o600)
    tokens.write_text(f"read reader {READER}\nadmin operator {OPERATOR}\n")
    return tokens
