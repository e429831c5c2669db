"""What ``POST /config`` may change, and where that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetryd.config_sources import SETTINGS, Given, Source, read_stored
from telemetryd.config_update import API_KEYS, RESTART_KEYS, RESTART_WARNING, checked, store
from telemetryd.model.errors import InvalidParameter, StorageError
from telemetryd.storage.files import Files

LAYER = {"telemetry.retention_days": Given(7, Source("stored"))}


@pytest.mark.parametrize("key", API_KEYS)
def test_every_key_is_a_setting(key: str, tmp_path: Path) -> None:
    """Its default can be set, and another kind of value cannot."""
    setting = SETTINGS[f"telemetry.{key}"]
    assert checked(key, str(tmp_path) if key == "metrics_path" else setting.default) == setting.name
    with pytest.raises(InvalidParameter):
        checked(key, None)


def test_the_warning_is_worded_as_the_api_documents_it() -> None:
    """It names those that wait, in the order they are shown."""
    assert RESTART_KEYS == ("metrics_path", "operation_hooks")
    assert RESTART_WARNING.endswith("cannot be updated without restarting: metrics_path, operation_hooks")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """The next start would fail with it, and nobody could set it back over the API."""
    (tmp_path / "file").write_text("")
    assert checked("metrics_path", str(tmp_path / "new" / "folder"))
    for path in (str(tmp_path / "file"), str(tmp_path / "file" / "below"), "relative"):
        with pytest.raises(InvalidParameter):
            checked("metrics_path", path)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    """In a folder that is made where there is none."""
    path = tmp_path / "new" / "settings.json"
    store(Files(), path, LAYER)
    layer, notices, readable = read_stored(Files(), path)
    assert (layer["telemetry.retention_days"].value, notices, readable) == (7, [], True)


def test_what_cannot_be_kept_is_an_error_that_says_where(tmp_path: Path) -> None:
    """Here a file is in the folder's place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/settings\.json"):
        store(Files(), tmp_path / "file" / "settings.json", LAYER)
