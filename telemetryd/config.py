"""The settings in force and where each came from: loaded at start, read again by a reload, changed by ``POST /config``.

A socket that systemd passed is what it is; then flags win over the environment, that over what was stored, that over the file, that over the
defaults. Settings that change at once are taken from the highest layer that gives them; those
that change at restart keep the value the process started with.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from telemetryd.api.listen import UNIX

from .config_rules import contradictions
from .config_sources import (
    DEFAULT,
    SETTINGS,
    Given,
    Layer,
    Source,
    read_environment,
    read_file,
    read_flags,
    read_inherited,
    read_stored,
)
from .config_update import API_KEYS, RESTART_KEYS, RESTART_WARNING, ROOTS, checked, store
from .model.errors import SettingsError
from .model.settings import Settings
from .passed import passes_ingest
from .storage.files import Files

STORED_FILE = "settings.json"
_PATHS = (
    "telemetry.metrics_path",
    "telemetry.reports_path",
    "ingest.socket",
    "http.tokens",
    "http.tls_certificate",
    "http.tls_key",
    "charts.browser",
    "charts.renderer",
)
# Settings that name a file, and the credential of systemd that stands in where one is empty.
_CREDENTIALS = {
    "http.tokens": "telemetryd.tokens",
    "http.tls_certificate": "telemetryd.tls-certificate",
    "http.tls_key": "telemetryd.tls-key",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings with their sources; a change makes another configuration.

    ``settings`` are in force, their paths absolute; ``given`` are the same values as they were written,
    by name, with their sources. ``stored_path`` is the file that ``POST /config`` writes: in the folder
    that flags, environment, file or default name, so that the next start finds it. ``notices`` are
    sentences about stored settings that could not be used; ``damaged`` says that the stored file as a
    whole could not be read.
    """

    settings: Settings
    given: Mapping[str, Given]
    stored_path: Path
    notices: tuple[str, ...]
    damaged: bool
    _origin: _Origin
    _inherited: Layer
    _overruled: Layer
    _pinned: Layer
    _stored: Layer
    _beneath: Layer

    @property
    def digest(self) -> str:
        """Return a short hash of the values in force: equal where all settings are given alike, on any node.

        Of what a socket of systemd overrules it is the value that was given, which is the one that ``check-config`` sees.
        """
        values = {name: given.value for name, given in sorted({**self.given, **self._overruled}.items())}
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]

    @property
    def file(self) -> str | None:
        """Return the path of the TOML file, or None where there is none."""
        return None if self._origin.file is None else str(self._origin.file)

    @property
    def written(self) -> Mapping[str, Given]:
        """Return what the TOML file says, whether it holds or not."""
        return MappingProxyType(self._beneath)

    @property
    def sources(self) -> dict[str, Source]:
        """Return where each value in force came from, by the setting's name."""
        return {name: given.source for name, given in self.given.items()}

    def config(self) -> dict[str, Any]:
        """Return the six keys of ``GET /config``: in force, or as set for the next start where that is later."""
        shown = {key: self.at_restart(f"telemetry.{key}").value for key in API_KEYS}
        if not shown["metrics_path"].startswith(ROOTS):
            shown["metrics_path"] = self.settings.telemetry.metrics_path
        return shown

    def pending_restart(self) -> dict[str, Any]:
        """Return, for each key that waits for a restart, the value in force and the one after it."""
        waiting = {}
        for key in RESTART_KEYS:
            in_force, later = self.given[f"telemetry.{key}"].value, self.at_restart(f"telemetry.{key}").value
            if in_force != later:
                waiting[key] = {"in_force": in_force, "at_restart": later}
        return waiting

    def at_restart(self, name: str) -> Given:
        """Return what the setting ``name`` will be from the next start on."""
        return _choose(name, self._inherited, self._pinned, self._stored, self._beneath)

    def settings_at_restart(self) -> Settings:
        """Return the settings of the next start, were it now; raises :class:`SettingsError` where they contradict one another."""
        return _settings({name: self.at_restart(name) for name in SETTINGS}, self._origin.environ)

    def reread(self) -> Configuration:
        """Return the configuration that the same sources make now; what changes at restart keeps its value.

        Blocks on the disk. Raises :class:`SettingsError` as :func:`load` does. A stored file that cannot be
        read is a notice, and what was stored when it could be read goes on to hold.
        """
        pinned, beneath = self._origin.read()
        stored, notices, readable = read_stored(self._origin.files, self.stored_path)
        again = replace(
            self,
            notices=tuple(notices),
            damaged=self.damaged and not readable,
            _pinned=pinned,
            _stored=stored if readable else self._stored,
            _beneath=beneath,
        )
        # What could not be started with is wrong now, not at the next start.
        again.settings_at_restart()
        return again._in_force()

    def update(self, changes: Mapping[str, object]) -> Configuration:
        """Store ``changes`` (keys of ``API_KEYS``) and return the configuration that they make.

        All are taken or none. Blocks on the disk. Raises :class:`InvalidParameter` naming the first
        key that is wrong, :class:`StorageError` where the changes could not be stored.
        """
        source = Source("stored", str(self.stored_path))
        stored = dict(self._stored)
        for key, value in changes.items():
            stored[checked(key, value)] = Given(value, source)
        store(self._origin.files, self.stored_path, stored)
        return replace(self, _stored=stored, damaged=False)._in_force()

    def warnings(self, changes: Mapping[str, object]) -> list[str]:
        """Return what whoever asked for ``changes`` should know: which of them do not hold at once, and why."""
        pinned = ((key, self._pinned.get(f"telemetry.{key}")) for key in changes)
        return [
            *([RESTART_WARNING] if any(key in RESTART_KEYS for key in changes) else []),
            *(f"{key} is stored but does not hold: it is set by {given.source}" for key, given in pinned if given),
        ]

    def _in_force(self) -> Configuration:
        """Return the same with what changes at once changed."""
        given = {name: self.at_restart(name) if SETTINGS[name].live else old for name, old in self.given.items()}
        return replace(self, settings=_settings(given, self._origin.environ), given=MappingProxyType(given))


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a configuration is read from, the first time and again."""

    flags: Mapping[str, tuple[str, str]]
    environ: Mapping[str, str]
    file: Path | None
    files: Files

    def read(self) -> tuple[Layer, Layer]:
        """Return what flags and environment say, and what the file does; raises :class:`SettingsError` with all mistakes."""
        from_flags, mistakes = read_flags(self.flags)
        from_environment, wrong_variables = read_environment(self.environ)
        from_file, wrong_lines = read_file(self.file) if self.file is not None else ({}, [])
        if mistakes := mistakes + wrong_variables + wrong_lines:
            raise SettingsError(mistakes)
        return {**from_environment, **from_flags}, from_file


def load(
    flags: Mapping[str, tuple[str, str]],
    environ: Mapping[str, str],
    file: Path | None = None,
    files: Files | None = None,
    listens: Mapping[str, str] | None = None,
) -> Configuration:
    """Return the configuration that flags, ``environ``, the stored file and the TOML ``file`` make.

    ``flags`` maps a setting's name to the flag and its text; ``files`` is where the stored file is, the
    real filesystem where none is given; ``listens`` maps it to where a socket listens that systemd passed for it.
    Raises :class:`SettingsError` with one
    sentence for each mistake in any of them; what is stored is never a mistake, only a notice,
    for whatever lies in the data folder, the daemon starts.
    """
    origin = _Origin(dict(flags), dict(environ), file, files or Files())
    pinned, from_file = origin.read()
    inherited, mistakes = read_inherited(listens or {})
    if mistakes:
        raise SettingsError(mistakes)
    folder = _absolute(_choose("telemetry.metrics_path", pinned, from_file).value, environ)
    stored_path = Path(folder) / STORED_FILE
    stored, notices, readable = read_stored(origin.files, stored_path)
    given = {name: _choose(name, inherited, pinned, stored, from_file) for name in SETTINGS}
    return Configuration(
        _settings(given, environ),
        MappingProxyType(given),
        stored_path,
        tuple(notices),
        not readable,
        origin,
        inherited,
        {name: _choose(name, pinned, stored, from_file) for name in inherited},
        pinned,
        stored,
        from_file,
    )


def _choose(name: str, *layers: Layer) -> Given:
    for layer in layers:
        if name in layer:
            return layer[name]
    return Given(SETTINGS[name].default, DEFAULT)


def _settings(given: Mapping[str, Given], environ: Mapping[str, str]) -> Settings:
    sections: dict[str, dict[str, Any]] = {}
    for name, setting in SETTINGS.items():
        value = given[name].value
        if name in _CREDENTIALS and not value:
            value = _credential(_CREDENTIALS[name], environ)
        elif name in _PATHS and value:
            value = _absolute(value, environ)
        elif name == "http.listen" and value.startswith(UNIX):
            value = UNIX + _absolute(value.removeprefix(UNIX), environ)
        sections.setdefault(setting.section, {})[setting.key] = value
    telemetry, ingest = sections["telemetry"], sections["ingest"]
    telemetry["reports_path"] = telemetry["reports_path"] or str(Path(telemetry["metrics_path"]).parent / "reports")
    ingest["socket"] = ingest["socket"] or _default_socket(environ)
    kinds: dict[str, Any] = {section: type(getattr(Settings(), section)) for section in sections}
    settings = Settings(**{section: kinds[section](**values) for section, values in sections.items()})
    if mistakes := contradictions(settings):
        raise SettingsError(mistakes)
    return settings


def _default_socket(environ: Mapping[str, str]) -> str:
    if passes_ingest(environ):
        return ""  # only the daemon can take it
    runtime = environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/telemetryd/ingest.sock" if runtime else _absolute("~/.ipfs_kit/telemetryd.sock", environ)


def _credential(name: str, environ: Mapping[str, str]) -> str:
    """Return the path of a credential that systemd passed, empty where it passed none of that name."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    return path if folder and os.path.exists(path := os.path.join(folder, name)) else ""


def _absolute(path: str, environ: Mapping[str, str]) -> str:
    if (path == "~" or path.startswith("~/")) and environ.get("HOME"):
        path = environ["HOME"] + path[1:]
    return os.path.abspath(os.path.expanduser(path))
