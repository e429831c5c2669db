"""The wiring: the daemon as ``serve`` runs it, inside this process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from telemetryd.config import Configuration
from telemetryd.daemon import running
from telemetryd.model.errors import FolderInUse, SettingsError
from tests.openapi import Answer

API = "/api/v0/wal/telemetry"


async def get(url: str, status: int = 200) -> Any:
    async with aiohttp.ClientSession(response_class=Answer) as client, client.get(url) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_a_running_daemon_answers_and_says_where(configure: Callable[..., Configuration]) -> None:
    """Its URL has the port that was picked, and it is ready inside the context."""
    async with running(configure(), environment={}) as daemon:
        assert not daemon.url.endswith(":0")
        assert daemon.socket is not None and daemon.socket.is_socket()
        assert (await get(f"{daemon.url}/-/ready"))["reasons"] == []
        assert (await get(f"{daemon.url}{API}/realtime"))["throughput"] == {"overall": 0.0}


async def test_a_stopped_daemon_leaves_no_socket_and_no_lock(configure: Callable[..., Configuration]) -> None:
    """So that the next one starts, on the same folder and the same path."""
    for _ in range(2):
        async with running(configure(), environment={}) as daemon:
            assert daemon.socket is not None
        assert not daemon.socket.exists()


async def test_a_second_daemon_on_the_same_folder_is_refused(configure: Callable[..., Configuration]) -> None:
    """With a sentence that names the folder and the process that holds it."""
    async with running(configure(), environment={}):
        with pytest.raises(FolderInUse, match=r"in use by process \d+"):
            async with running(configure(), environment={}):
                pass


@pytest.mark.parametrize("setting", ["TELEMETRYD_INGEST_SOCKET_GROUP", "TELEMETRYD_HTTP_SOCKET_GROUP"])
async def test_a_group_that_is_not_there_is_told_before_anything_is_touched(
    configure: Callable[..., Configuration], short_path: Path, setting: str
) -> None:
    """The folder of the data is not even made."""
    with pytest.raises(SettingsError, match="socket_group: expected the name or number of a group"):
        async with running(configure(**{setting: "nosuch"}), environment={}):
            pass
    assert not (short_path / "m").exists()


async def test_without_operation_hooks_there_is_no_socket(configure: Callable[..., Configuration]) -> None:
    """The API is served all the same."""
    async with running(configure(IPFS_KIT_TELEMETRY_HOOKS="false"), environment={}) as daemon:
        assert daemon.socket is None
        await get(f"{daemon.url}/-/healthy")


async def test_an_event_is_seen_once_in_memory_and_in_parts(configure: Callable[..., Configuration]) -> None:
    """The count is the same when it is acknowledged, and at the next start, when it is in a part."""
    now = time.time()
    event = {
        "event": "operation_start",
        "operation_id": "a",
        "operation_type": "add",
        "backend": "ipfs",
        "timestamp": now,
    }
    async with running(configure(), environment={}) as daemon:
        reader, writer = await asyncio.open_unix_connection(str(daemon.socket))
        writer.write(b'{"hello": {"producer": "wal", "version": 1}}\n')
        writer.write(json.dumps({"batch": 1, "events": [event]}).encode() + b"\n")
        assert "welcome" in json.loads(await reader.readline())
        assert json.loads(await reader.readline()) == {"ack": 1}
        first = await get(f"{daemon.url}{API}/metrics?metric_type=operation_count&aggregation=sum")
        writer.close()
    async with running(configure(), environment={}) as daemon:
        second = await get(f"{daemon.url}{API}/metrics?metric_type=operation_count&aggregation=sum")
    values = [answer["metrics"]["operation_count"]["add"]["ipfs"][0]["value"] for answer in (first, second)]
    assert values == [1, 1]


async def test_a_damaged_settings_file_removes_nothing(
    configure: Callable[..., Configuration], short_path: Path
) -> None:
    """What is older than the default retention stays, start after start, until the retention is set again."""
    hour = int(time.time()) // 3600 * 3600 - 40 * 86400
    event = {
        "event": "operation_start",
        "operation_id": "a",
        "operation_type": "add",
        "backend": "ipfs",
        "timestamp": hour,
    }
    async with running(configure(IPFS_KIT_TELEMETRY_RETENTION="365"), environment={}) as daemon:
        reader, writer = await asyncio.open_unix_connection(str(daemon.socket))
        writer.write(json.dumps({"hello": {"producer": "wal", "version": 1}}).encode() + b"\n")
        writer.write(json.dumps({"batch": 1, "events": [event]}).encode() + b"\n")
        await reader.readline()
        await reader.readline()
        writer.close()
    kept = list((short_path / "m" / "events").rglob("*.parquet"))
    assert len(kept) == 1
    (short_path / "m" / "settings.json").write_text('{"format": 1, "telem')
    for _ in range(2):
        damaged = configure()
        assert damaged.damaged
        async with running(damaged, environment={}):
            pass
        assert list((short_path / "m" / "events").rglob("*.parquet"))
