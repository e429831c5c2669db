"""What a reload does to a daemon that is supervised."""

from __future__ import annotations

import json
import subprocess
import threading

import pytest

from tests.end_to_end.load import wait_for_more
from tests.end_to_end.waiting import until

from .test_service import API, Node, entries, loaded
from .unit import Unit


def retention(node: Node) -> int:
    """Return how many days are kept, by the API."""
    found: int = json.loads(node.fetch(f"{API}/config")[1])["config"]["retention_days"]
    return found


def test_a_reload_under_load_changes_settings_and_loses_nothing(node: Node) -> None:
    """The process goes on, and so do its producers."""
    before = entries(node)
    with loaded(node) as counts:
        for days in (7, 11):
            wait_for_more(counts, 500)
            node.configure(f"[telemetry]\nretention_days = {days}\n")
            node.reload()
            until(lambda days=days: retention(node) == days, "the setting to be in force")
        wait_for_more(counts, 500)
    assert entries(node) == before + sum(counts)


def test_a_start_with_a_mistake_is_tried_again_until_it_is_mended(unit: Unit) -> None:
    """Meanwhile the sockets stay: a request that is made then is answered in the end."""
    unit.stop()
    unit.configure("[htp]\n")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(unit.fetch("/-/healthy")[0]))
    asking.start()
    until(lambda: int(unit.systemd.show("NRestarts")) >= 2, "the daemon to be started again, and again")
    assert (
        unit.systemd.run("systemctl", "is-active", "telemetryd.socket", "telemetryd-http.socket").split()
        == ["active"] * 2
    )
    unit.configure("")
    asking.join(60)
    assert answers == [200]


def test_a_file_with_a_mistake_fails_the_reload_and_changes_nothing(unit: Unit) -> None:
    """systemctl says that it failed, the journal says why, and the daemon runs as before."""
    unit.configure("[telemetry]\nretention_days = 12\n")
    unit.reload()
    until(lambda: retention(unit) == 12, "the setting to be in force")
    pid = unit.pid
    for wrong, sentence in (
        ("[telemetry]\nretention_days = 13\nretention_dais = 13\n", "telemetry.retention_dais: expected"),
        ("[telemetry]\nretention_days = 13\n[http]\ntokens = '/etc/telemetryd/none'\n", "http.tokens: expected"),
    ):
        unit.configure(wrong)
        with pytest.raises(subprocess.CalledProcessError, match="reload"):
            unit.reload()
        until(lambda sentence=sentence: sentence in unit.said, "the journal to tell why")
    assert (unit.pid, unit.systemd.show("ActiveState"), retention(unit)) == (pid, "active", 12)
