"""A reload holds whole, or changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from telemetryd.config import Configuration, load
from telemetryd.config_live import LiveConfiguration
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings
from telemetryd.reload import MAX_MISTAKES_TOLD, LastReload, Reload


class Party:
    """Someone who takes the retention once: what it was offered, and what it has."""

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = list(mistakes)
        self.offered: list[int] = []
        self.taken: list[int] = []

    def prepare(self, settings: Settings) -> Callable[[], None]:
        self.offered.append(settings.telemetry.retention_days)
        if self.mistakes:
            raise SettingsError(self.mistakes)
        return lambda: self.taken.append(settings.telemetry.retention_days)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "telemetryd.toml"
    path.write_text("[telemetry]\nretention_days = 7\n")
    return path


@pytest.fixture
def live(tmp_path: Path, file: Path) -> LiveConfiguration:
    environ = {"HOME": str(tmp_path), "IPFS_KIT_TELEMETRY_PATH": str(tmp_path / "data")}
    return LiveConfiguration(load({}, environ, file), Instrumentation())


def reloader(live: LiveConfiguration, *parties: Party) -> Reload:
    made = Reload(live, Instrumentation(), iter(range(100, 200)).__next__)
    made.parties.extend(party.prepare for party in parties)
    return made


async def test_what_the_file_says_now_holds(live: LiveConfiguration, file: Path) -> None:
    """The log says what changed, from where, what waits for a restart, and the hash of it all."""
    before = live.digest()
    file.write_text("[telemetry]\nretention_days = 8\noperation_hooks = false\n")
    with capture_logs() as lines:
        assert await reloader(live).reload()
    assert live.settings().telemetry.retention_days == 8
    assert live.settings().telemetry.operation_hooks is True
    place = f"file {file}"
    assert lines == [
        {
            "event": "setting changed",
            "log_level": "info",
            "kind": "SettingChanged",
            "setting": "telemetry.retention_days",
            "old": "7",
            "new": "8",
            "source": place,
        },
        {
            "event": "setting waits for a restart",
            "log_level": "warning",
            "kind": "SettingWaits",
            "setting": "telemetry.operation_hooks",
            "in_force": "True",
            "at_restart": "False",
            "source": place,
        },
        {
            "event": "reloaded",
            "log_level": "info",
            "kind": "Reloaded",
            "configuration": live.digest(),
            "changed": 1,
            "waiting": 1,
        },
    ]
    assert live.digest() != before
    assert live.pending_restart() == {"operation_hooks": {"in_force": True, "at_restart": False}}


async def test_a_bad_file_changes_nothing_and_says_why(live: LiveConfiguration, file: Path) -> None:
    """Each mistake is a sentence; no party hears of it, and the right lines of the file do not hold either."""
    party, before = Party(), live.digest()
    file.write_text("[telemetry]\nretention_days = 8\nsampling_interval = 7\nretention_day = 1\n")
    with capture_logs() as lines:
        assert not await reloader(live, party).reload()
    assert (live.digest(), live.settings().telemetry.retention_days) == (before, 7)
    assert party.offered == []
    wrong = [line["mistake"] for line in lines if line["kind"] == "SettingWrong"]
    assert [sentence.partition(":")[0] for sentence in wrong] == [
        "telemetry.retention_day",
        "telemetry.sampling_interval",
    ]
    assert "did you mean telemetry.retention_days?" in wrong[0]
    assert (lines[-1]["kind"], lines[-1]["mistakes"], lines[-1]["configuration"]) == ("ReloadRefused", 2, before)


async def test_what_the_next_start_would_refuse_is_refused(live: LiveConfiguration, file: Path) -> None:
    """Also where it waits for a restart: who reloads is there to hear it, who restarts may not be."""
    file.write_text("[telemetry]\nretention_days = 8\n[http]\nlisten = '0.0.0.0:80'\n")
    with capture_logs() as lines:
        assert not await reloader(live).reload()
    assert "http.allow_anonymous_network" in lines[0]["mistake"]
    assert live.settings().telemetry.retention_days == 7
    assert live.pending_restart() == {}


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("[ingest]\nsocket_group = 'nosuch'", "ingest.socket_group"),
        ("[http]\nsocket_group = 'nosuch'", "http.socket_group"),
        ("[http]\ntls_certificate = '/nonexistent'\ntls_key = '/nonexistent'", "http.tls_key"),
    ],
)
async def test_what_the_next_start_would_not_find_is_refused(
    live: LiveConfiguration, file: Path, line: str, setting: str
) -> None:
    """Groups and files that are named for the next start have to be there now."""
    file.write_text(f"[telemetry]\nretention_days = 8\n{line}\n")
    with capture_logs() as lines:
        assert not await reloader(live).reload()
    assert [each["mistake"].partition(":")[0] for each in lines if each["kind"] == "SettingWrong"] == [setting]
    assert live.settings().telemetry.retention_days == 7


async def test_what_is_no_file_keeps_nobody_waiting(live: LiveConfiguration, file: Path) -> None:
    """A pipe in its place, which nobody writes to, is refused, and the next reload served."""
    file.unlink()
    os.mkfifo(file)
    assert not await reloader(live).reload()
    file.unlink()
    file.write_text("[telemetry]\nretention_days = 8\n")
    assert await reloader(live).reload()


async def test_a_file_that_is_gone_changes_nothing(live: LiveConfiguration, file: Path) -> None:
    """Not the defaults hold then, but what did before."""
    file.unlink()
    assert not await reloader(live).reload()
    assert live.settings().telemetry.retention_days == 7


async def test_a_file_that_is_no_settings_at_all_does_not_fill_the_log(live: LiveConfiguration, file: Path) -> None:
    """Some of its mistakes are told, and how many there are."""
    file.write_text("[telemetry]\n" + "\n".join(f"word{number} = 1" for number in range(500)))
    with capture_logs() as lines:
        assert not await reloader(live).reload()
    assert len(lines) == MAX_MISTAKES_TOLD + 1
    assert lines[-1]["mistakes"] == 500


async def test_all_parties_take_over_or_none(live: LiveConfiguration, file: Path) -> None:
    """Where one cannot, no other does, the settings stay, and the sentences of all are told."""
    good, bad, worse = Party(), Party("a", "b"), Party("c")
    file.write_text("[telemetry]\nretention_days = 8\n")
    with capture_logs() as lines:
        assert not await reloader(live, good, bad, worse).reload()
    assert good.offered == bad.offered == worse.offered == [8]
    assert good.taken == []
    assert live.settings().telemetry.retention_days == 7
    assert [line["mistake"] for line in lines if line["kind"] == "SettingWrong"] == ["a", "b", "c"]
    bad.mistakes = worse.mistakes = []
    assert await reloader(live, good, bad, worse).reload()
    assert good.taken == bad.taken == worse.taken == [8]


async def test_how_the_last_one_went_is_known(live: LiveConfiguration, file: Path) -> None:
    """The start counts as the first; one that was refused leaves the time of the last that was not."""
    reload = reloader(live)
    assert reload.last == LastReload(100, True, 100)
    file.write_text("nonsense")
    await reload.reload()
    assert reload.last == LastReload(101, False, 100)
    file.write_text("")
    await reload.reload()
    assert reload.last == LastReload(102, True, 102)


async def test_a_change_over_the_api_and_a_reload_do_not_cross(live: LiveConfiguration, file: Path) -> None:
    """Whichever comes first, both hold after them."""
    file.write_text("[query]\ntimeout = 5\n")
    for _ in range(10):
        await asyncio.gather(
            live.update({"sampling_interval": 10}), reloader(live).reload(), live.update({"enabled": False})
        )
        settings = live.settings()
        assert (settings.telemetry.sampling_interval, settings.telemetry.enabled) == (10, False)
        assert settings.query.timeout == 5
        await live.update({"sampling_interval": 60, "enabled": True})


async def test_precedence_stays(live: LiveConfiguration, file: Path) -> None:
    """What was stored over the API wins over the file, before a reload and after it; who wrote the file is told, once."""
    await live.update({"retention_days": 9})
    file.write_text("[telemetry]\nretention_days = 8\n")
    with capture_logs() as lines:
        assert await reloader(live).reload()
        assert await reloader(live).reload()
    assert live.settings().telemetry.retention_days == 9
    (told,) = [line for line in lines if line["kind"] == "SettingOverruled"]
    assert (told["setting"], told["file"], told["holds"]) == ("telemetry.retention_days", "8", "9")
    assert told["source"].startswith("stored ")


async def test_it_runs_whenever_it_is_asked_to(live: LiveConfiguration, file: Path) -> None:
    """Once for all who ask before it begins, inside of what is put around it, until told to stop."""
    around: list[str] = []

    @contextmanager
    def told() -> Iterator[None]:
        around.append("begins")
        yield
        around.append("ends")

    asked = asyncio.Event()
    reload = Reload(live, Instrumentation(), lambda: 0.0, asked, told)
    again = asyncio.Event()
    live.changed = again.set
    reload.ask()
    asked.set()
    running = asyncio.create_task(reload.run())
    for _ in range(2):
        await asyncio.wait_for(again.wait(), 60)
        again.clear()
        asked.set()
    await asyncio.wait_for(again.wait(), 60)
    reload.stop()
    await asyncio.wait_for(running, 60)
    assert around == ["begins", "ends"] * 3


async def test_stored_settings_that_cannot_be_read_are_told_and_go_on_to_hold(
    live: LiveConfiguration, file: Path, tmp_path: Path
) -> None:
    """They were right when they were read, and damage in the data folder is no reason to refuse the rest."""
    await live.update({"retention_days": 9})
    (tmp_path / "data" / "settings.json").write_text("{")
    file.write_text("[query]\ntimeout = 5\n")
    with capture_logs() as lines:
        assert await reloader(live).reload()
    assert "StoredSettingsUnused" in [line["kind"] for line in lines]
    assert (live.settings().telemetry.retention_days, live.settings().query.timeout) == (9, 5)
    assert live.may_remove()


def test_a_configuration_can_be_read_again(configure: Callable[..., Configuration]) -> None:
    """Where nothing is different, it is the same."""
    configuration = configure()
    again = configuration.reread()
    assert (again.settings, again.digest, again.sources) == (
        configuration.settings,
        configuration.digest,
        configuration.sources,
    )
