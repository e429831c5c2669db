"""Which sockets systemd says that it has passed."""

from __future__ import annotations

import os

import pytest

from telemetryd.passed import names_passed, passes_ingest


@pytest.mark.parametrize(
    ("count", "said", "names"),
    [
        ("1", "", ("ingest",)),
        ("1", "telemetryd.socket", ("ingest",)),
        ("1", "http", ("http",)),
        ("2", "http:ingest", ("http", "ingest")),
        ("0", "ingest", ()),
    ],
    ids=["no name", "that of a unit", "the API", "both", "none"],
)
def test_sockets_are_known_by_their_names(count: str, said: str, names: tuple[str, ...]) -> None:
    """In the order of their descriptors; a single one need not be named."""
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count, "LISTEN_FDNAMES": said}
    assert names_passed(environment) == names
    assert passes_ingest(environment) == ("ingest" in names)


def test_names_that_tell_nothing_pass_no_ingest_socket() -> None:
    """The daemon says what is wrong with them when it takes the sockets."""
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "ingest:other"}
    assert not passes_ingest(environment)
