"""What settings name is there, or is told before anything starts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from telemetryd.config_named import check, mistakes
from telemetryd.model.settings import Settings


def http(**changes: Any) -> Settings:
    settings = Settings()
    return replace(settings, http=replace(settings.http, **changes))


def secret(path: Path, contents: str = "admin me 0123456789abcdef") -> str:
    path.touch(mode=0o600)
    path.write_text(contents)
    return str(path)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """A sentence for each, of every setting that names something; the defaults name nothing."""
    missing = str(tmp_path / "none")
    settings = http(tokens=missing, tls_certificate=missing, tls_key=missing, socket_group="nosuch")
    names = {"socket_group": "nosuch", "allowed_users": ("nosuch",), "allowed_groups": ("nosuch",)}
    wrong = replace(settings, ingest=replace(settings.ingest, **names))  # type: ignore[arg-type]
    assert [mistake.partition(":")[0] for mistake in mistakes(wrong)] == [
        "http.tokens",
        "http.tls_key",
        "ingest.allowed_users",
        "ingest.allowed_groups",
        "ingest.socket_group",
        "http.socket_group",
    ]
    assert check(wrong) == (mistakes(wrong), [])
    assert mistakes(Settings()) == [] and check(Settings()) == ([], [])


def test_what_is_right_is_no_mistake(tmp_path: Path) -> None:
    """Nor a notice."""
    assert check(http(tokens=secret(tmp_path / "tokens"))) == ([], [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_who_checks_may_be_another_user(tmp_path: Path) -> None:
    """A file of a third user's is a mistake to the daemon, and to a check a notice; what is wrong in it stays a mistake."""
    path = tmp_path / "tokens"
    settings = http(tokens=secret(path))
    os.chown(path, 12345, -1)
    assert len(mistakes(settings)) == 1
    found, (notice,) = check(settings)
    assert found == [] and "found another's" in notice and notice.endswith("is not known here")
    path.write_text("nonsense")
    found, _ = check(settings)
    assert len(found) == 1 and "line 1" in found[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_secret_that_may_not_be_read_is_a_notice(short_path: Path) -> None:
    """It is for the daemon's user and for nobody else; one that is not there is a mistake to everyone."""
    settings = http(tokens=secret(short_path / "tokens"))
    short_path.chmod(0o755)
    os.seteuid(12345)
    try:
        told, checked, missing = mistakes(settings), check(settings), check(http(tokens=str(short_path / "none")))
    finally:
        os.seteuid(0)
    assert len(told) == 1 and "Permission denied" in told[0]
    assert checked[0] == [] and checked[1][0].startswith(told[0])
    assert "No such file" in missing[0][0] and missing[1] == []
