"""Where settings come from: flags, the environment, what ``POST /config`` stored, the TOML file.

Each source is read whole into a layer of values that are right, and a list of sentences about
those that are not. Nothing is decided here about which layer wins.
"""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from telemetryd.api.small_file import read_small
from telemetryd.model.setting import Setting
from telemetryd.model.settings import declared
from telemetryd.storage.files import Files

from .config_values import accepts, described, expectation, from_text, kept, nearest

SETTINGS: dict[str, Setting] = {setting.name: setting for setting in declared()}
STORED_FORMAT = 2
# What is stored is a few hundred bytes; more than this is not ours.
_LARGEST_STORED = 1 << 20

_SECTIONS = tuple(dict.fromkeys(setting.section for setting in SETTINGS.values()))
_BY_ENVIRONMENT = {setting.environment: setting for setting in SETTINGS.values()}
_PREFIX = "TELEMETRYD_"
# Variables that begin like ours and are no settings: what scripts/ and tests/ are told, and where Kubernetes
# says that a service called telemetryd is, to every container beside it.
_others = re.compile(
    r"TELEMETRYD_(VENV|SCREENSHOTS|AXE|TEST_SEED|EVERY_BYTE|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_.*)?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was given: ``kind`` is systemd, flag, environment, stored, file or default; ``place`` says which."""

    kind: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.place}".rstrip()


DEFAULT = Source("default")


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was written, right for its setting, and where that was."""

    value: Any
    source: Source


Layer: TypeAlias = dict[str, Given]


def read_flags(flags: Mapping[str, tuple[str, str]]) -> tuple[Layer, list[str]]:
    """Return what flags say: a setting's name to the flag and its text."""
    return _checked(
        {name: (from_text(SETTINGS[name], text), Source("flag", flag)) for name, (flag, text) in flags.items()}
    )


def read_inherited(listens: Mapping[str, str]) -> tuple[Layer, list[str]]:
    """Return what sockets that systemd passed say: a setting's name to where its socket listens."""
    source = Source("systemd", "socket")
    return _checked({name: (from_text(SETTINGS[name], text), source) for name, text in listens.items()})


def read_environment(environ: Mapping[str, str]) -> tuple[Layer, list[str]]:
    """Return what environment variables say; an empty one says nothing."""
    values: dict[str, tuple[object, Source]] = {}
    mistakes = []
    for variable, text in sorted(environ.items()):
        setting = _BY_ENVIRONMENT.get(variable)
        if setting is None:
            if variable.startswith(_PREFIX) and not _others.fullmatch(variable):
                mistakes.append(
                    f"{variable}: expected the name of a setting's variable, found none of them{_hint(variable)} (environment)"
                )
        elif text:
            values[setting.name] = (from_text(setting, text), Source("environment", variable))
    layer, wrong = _checked(values)
    return layer, mistakes + wrong


def read_file(path: Path) -> tuple[Layer, list[str]]:
    """Return what the TOML file says; a file that cannot be read is one mistake."""
    source = Source("file", str(path))
    try:
        contents = read_small(str(path))
    except OSError as error:
        return {}, [f"--config: expected a file that can be read, found {path}: {error.strerror}"]
    except ValueError as error:
        return {}, [f"--config: {error}"]
    try:
        document = tomllib.loads(contents.decode())
    except (ValueError, RecursionError) as error:
        return {}, [f"--config: expected TOML, found otherwise: {error} ({source})"]
    return _sections(document, source)


def read_stored(files: Files, path: Path) -> tuple[Layer, list[str], bool]:
    """Return what ``POST /config`` stored, sentences about what of it cannot be used, and whether it can be read at all."""
    source = Source("stored", str(path))
    if not files.exists(str(path)):
        return {}, [], True
    try:
        # A pipe would keep the start waiting, a device would never end.
        if not files.leads_to_file(str(path)) or files.size(str(path)) > _LARGEST_STORED:
            return {}, [f"stored settings: expected a small file, found otherwise ({source})"], False
        document = json.loads(files.read(str(path)))
    except OSError as error:
        return {}, [f"stored settings: expected a file that can be read, found {path}: {error.strerror}"], False
    except (ValueError, RecursionError) as error:
        return {}, [f"stored settings: expected JSON, found otherwise: {error} ({source})"], False
    version = document.pop("format", None) if isinstance(document, dict) else None
    if version not in (1, STORED_FORMAT) or isinstance(version, bool):
        return {}, [f"stored settings: expected format {STORED_FORMAT} or before, found another ({source})"], False
    if version > 1 and document.pop("crc32", None) != _checksum(document):
        return {}, [f"stored settings: expected their checksum to be right, found it wrong ({source})"], False
    layer, mistakes = _sections(document, source)
    return layer, mistakes, True


def stored_bytes(layer: Layer) -> bytes:
    """Return the contents of the stored file that says what ``layer`` says."""
    document: dict[str, Any] = {"format": STORED_FORMAT}
    for name, given in sorted(layer.items()):
        document.setdefault(SETTINGS[name].section, {})[SETTINGS[name].key] = given.value
    sections = {section: content for section, content in document.items() if section != "format"}
    return json.dumps({**document, "crc32": _checksum(sections)}, indent=2).encode() + b"\n"


def _checksum(sections: Mapping[str, Any]) -> str:
    """Return what tells stored sections from those that a flipped bit made of them."""
    return f"{zlib.crc32(json.dumps(sections, sort_keys=True).encode()):08x}"


def _sections(document: Mapping[str, Any], source: Source) -> tuple[Layer, list[str]]:
    values: dict[str, tuple[object, Source]] = {}
    mistakes = []
    for section, content in document.items():
        if section not in _SECTIONS:
            mistakes.append(
                f"{section}: expected one of the sections {', '.join(_SECTIONS)}{nearest(section, _SECTIONS)} ({source})"
            )
        elif not isinstance(content, Mapping):
            mistakes.append(f"{section}: expected a section, found {described(content)} ({source})")
        else:
            for key, value in content.items():
                if (name := f"{section}.{key}") in SETTINGS:
                    values[name] = (value, source)
                else:
                    mistakes.append(
                        f"{name}: expected the name of a setting, found none of them{nearest(name, SETTINGS)} ({source})"
                    )
    layer, wrong = _checked(values)
    return layer, mistakes + wrong


def _checked(values: Mapping[str, tuple[object, Source]]) -> tuple[Layer, list[str]]:
    layer: Layer = {}
    mistakes = []
    for name, (value, source) in values.items():
        if accepts(SETTINGS[name], value):
            layer[name] = Given(kept(value), source)
        else:
            mistakes.append(f"{name}: expected {expectation(SETTINGS[name])}, found {described(value)} ({source})")
    return layer, mistakes


def _hint(variable: str) -> str:
    for setting in SETTINGS.values():
        if variable == f"TELEMETRYD_{setting.section}_{setting.key}".upper():
            return f"; did you mean {setting.environment}?"
    return nearest(variable, _BY_ENVIRONMENT, _PREFIX)
