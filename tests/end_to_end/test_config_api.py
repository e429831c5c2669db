"""``GET`` and ``POST /config``, and what wins over what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle.events import life

from .daemon import Daemon

# As the API's documentation words it.
WARNING = "The following settings cannot be updated without restarting: metrics_path, operation_hooks"
KEYS = {"enabled", "metrics_path", "retention_days", "sampling_interval", "enable_detailed_timing", "operation_hooks"}


def config(daemon: Daemon) -> dict[str, Any]:
    """Return the settings that the API shows."""
    found = daemon.get("config")
    assert (found["success"], found["operation"]) == (True, "get_telemetry_config")
    return dict(found["config"])


def test_the_configuration_has_its_six_keys(shared_daemon: Daemon) -> None:
    """The seed's five and ``enabled``, at their defaults."""
    found = config(shared_daemon)
    assert found.keys() == KEYS
    assert found.pop("metrics_path") == str(shared_daemon.metrics_path)
    assert found == {
        "enabled": True,
        "retention_days": 30,
        "sampling_interval": 60,
        "enable_detailed_timing": True,
        "operation_hooks": True,
    }


def test_a_change_holds_at_once_and_after_a_restart(daemon: Daemon) -> None:
    """Any subset is taken; the rest stays as it is."""
    answer = daemon.configure(sampling_interval=10, retention_days=7)
    assert (answer["success"], answer["operation"]) == (True, "update_telemetry_config")
    assert "warning" not in answer
    expected = {**config(daemon), "sampling_interval": 10, "retention_days": 7}
    assert answer["config"] == expected == config(daemon)
    assert daemon.get("metrics", start_time=time.time() - 60)["interval"] == 10
    daemon.restart()
    assert config(daemon) == expected
    daemon.kill()
    daemon.start()
    assert config(daemon) == expected


BAD_CHANGES: tuple[tuple[str, object], ...] = (
    ("retention_day", 7),
    ("retention_days", 0),
    ("retention_days", 3651),
    ("retention_days", "7"),
    ("retention_days", 7.5),
    ("retention_days", True),
    ("retention_days", None),
    ("sampling_interval", 7),
    ("sampling_interval", 7200),
    ("sampling_interval", -60),
    ("enabled", "no"),
    ("enabled", 1),
    ("enable_detailed_timing", 0),
    ("operation_hooks", "maybe"),
    ("metrics_path", 5),
    ("metrics_path", ""),
    ("http.listen", "0.0.0.0:80"),
)


def test_a_bad_change_is_refused_whole(daemon: Daemon) -> None:
    """With 400 and a sentence that names the setting; the good changes around it are not made either."""
    before = config(daemon)
    good: dict[str, object] = {"retention_days": 5, "sampling_interval": 30, "enabled": False}
    for name, value in BAD_CHANGES:
        others = {key: each for key, each in good.items() if key != name}
        for changes in ({name: value, **others}, {**others, name: value}):
            answer = daemon.ask("POST", "config", json=changes)
            assert answer.status_code == 400, (changes, answer.text)
            assert answer.json()["success"] is False
            assert name in answer.json()["error"], (changes, answer.text)
    assert config(daemon) == before
    daemon.restart()
    assert config(daemon) == before


def test_a_body_that_is_no_object_is_refused(shared_daemon: Daemon) -> None:
    """With 400, and nothing changes."""
    daemon = shared_daemon
    before = config(daemon)
    for body in (b"", b"not JSON", b"[]", b'"enabled"', b"{", b'{"enabled": tru}', b"\xff"):
        answer = daemon.ask("POST", "config", data=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["success"]) == (400, False), (body, answer.text)
    assert config(daemon) == before


def test_what_waits_for_a_restart_is_warned_of(daemon: Daemon) -> None:
    """The documented example is taken as it stands, with the documented warning; the socket stays open until then."""
    body = {
        "enabled": True,
        "metrics_path": "~/.ipfs_kit/telemetry",
        "retention_days": 30,
        "sampling_interval": 60,
        "enable_detailed_timing": True,
        "operation_hooks": False,
    }
    answer = daemon.configure(**body)
    assert answer["warning"].startswith(WARNING)
    assert answer["config"]["operation_hooks"] is False
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("a", time.time() - 10))
    daemon.stop()
    daemon.start()
    with pytest.raises(OSError, match=r"No such file|refused"):
        daemon.producer()
    assert daemon.entries("completed") == 1


def test_the_environment_wins_over_what_was_stored(new_daemon: Callable[..., Daemon]) -> None:
    """What is posted for a pinned setting is stored and warned of, and holds once the environment lets go."""
    daemon = new_daemon(IPFS_KIT_TELEMETRY_RETENTION=9)
    daemon.start()
    assert config(daemon)["retention_days"] == 9
    answer = daemon.configure(retention_days=5, sampling_interval=20)
    assert "retention_days" in answer["warning"]
    assert "IPFS_KIT_TELEMETRY_RETENTION" in answer["warning"]
    assert (config(daemon)["retention_days"], config(daemon)["sampling_interval"]) == (9, 20)
    daemon.restart()
    assert (config(daemon)["retention_days"], config(daemon)["sampling_interval"]) == (9, 20)
    daemon.stop()
    del daemon.settings["IPFS_KIT_TELEMETRY_RETENTION"]
    daemon.start()
    assert (config(daemon)["retention_days"], config(daemon)["sampling_interval"]) == (5, 20)


def test_what_was_stored_wins_over_the_file(new_daemon: Callable[..., Daemon]) -> None:
    """And the file over the defaults."""
    daemon = new_daemon()
    file = daemon.folder / "telemetryd.toml"
    file.write_text("[telemetry]\nretention_days = 11\nsampling_interval = 30\n")
    daemon.start("--config", str(file))
    assert (config(daemon)["retention_days"], config(daemon)["sampling_interval"]) == (11, 30)
    daemon.configure(retention_days=5)
    daemon.stop()
    daemon.start("--config", str(file))
    assert (config(daemon)["retention_days"], config(daemon)["sampling_interval"]) == (5, 30)


def test_every_bad_setting_is_named_in_one_go(new_daemon: Callable[..., Daemon]) -> None:
    """The daemon ends with 2 and one line for each mistake: the setting and where it came from."""
    daemon = new_daemon(IPFS_KIT_TELEMETRY_RETENTION="forever", TELEMETRYD_STORAGE_HEAD_ROWS=1)
    file = daemon.folder / "telemetryd.toml"
    file.write_text("[telemetry]\nsampling_interval = 7\n[nonsense]\nkey = 1\n")
    daemon.launch("--config", str(file))
    assert daemon.wait() == 2
    lines = daemon.log.splitlines()
    for words in (
        ("telemetry.retention_days", "IPFS_KIT_TELEMETRY_RETENTION"),
        ("storage.head_rows", "TELEMETRYD_STORAGE_HEAD_ROWS"),
        ("telemetry.sampling_interval", str(file)),
        ("nonsense", str(file)),
    ):
        assert sum(all(word in line for word in words) for line in lines) == 1, (words, lines)
    assert not daemon.metrics_path.exists()
