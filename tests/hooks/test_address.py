from __future__ import annotations

import os

import pytest

from telemetryd.hooks.address import ingest_socket, producer_name


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/telemetryd/ingest.sock"),
        ({}, os.path.expanduser("~/.ipfs_kit/telemetryd.sock")),
        ({"TELEMETRYD_INGEST_SOCKET": "/x/y.sock", "XDG_RUNTIME_DIR": "/run/user/7"}, "/x/y.sock"),
        ({"TELEMETRYD_INGEST_SOCKET": "~/y.sock"}, os.path.expanduser("~/y.sock")),
    ],
)
def test_socket_follows_the_rule_of_the_daemons_setting(environ: dict[str, str], path: str) -> None:
    """The environment's socket, else the runtime folder's, else the home's."""
    assert ingest_socket(environ) == path


def test_producer_names_differ_from_start_to_start() -> None:
    """Two names of one process are different, and say which process it is."""
    first, second = producer_name(), producer_name()
    assert first != second
    assert str(os.getpid()) in first.split("-")
