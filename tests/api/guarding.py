"""Settings with tokens, for tests of who may come in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from telemetryd.model.settings import Settings

READER, OPERATOR = "a-token-to-read-with", "a-token-for-the-operator"


def guarded(folder: Path, *more: str, **http: Any) -> Settings:
    """Return settings whose file of tokens, in ``folder``, lists a reader, an operator and more lines."""
    path = folder / "tokens"
    path.touch(mode=0o600)
    path.write_text("\n".join([f"read reader {READER}", f"admin operator {OPERATOR}", *more]))
    return replace(Settings(), http=replace(Settings().http, tokens=str(path), **http))


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}
