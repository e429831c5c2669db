"""The internal events of settings: what is in force, what changed, what waits, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .events import InternalEvent


@dataclass(frozen=True, slots=True)
class Configured(InternalEvent):
    """The settings of this start; ``configuration`` is their hash, ``file`` the TOML file if there is one."""

    says: ClassVar[str] = "configured"
    configuration: str
    file: str | None


@dataclass(frozen=True, slots=True)
class SettingChanged(InternalEvent):
    """A setting has another value from now on, by ``POST /config`` or a reload; ``source`` is where the new one is given."""

    says: ClassVar[str] = "setting changed"
    setting: str
    old: str
    new: str
    source: str


@dataclass(frozen=True, slots=True)
class SettingWaits(InternalEvent):
    """A setting was given another value, which holds from the next start on."""

    says: ClassVar[str] = "setting waits for a restart"
    level: ClassVar[str] = "warning"
    setting: str
    in_force: str
    at_restart: str
    source: str


@dataclass(frozen=True, slots=True)
class Reloaded(InternalEvent):
    """The settings were read again and hold; ``configuration`` is their hash."""

    says: ClassVar[str] = "reloaded"
    configuration: str
    changed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SettingWrong(InternalEvent):
    """One of the mistakes for which a reload was refused, as a sentence."""

    says: ClassVar[str] = "setting wrong"
    level: ClassVar[str] = "error"
    mistake: str


@dataclass(frozen=True, slots=True)
class ReloadRefused(InternalEvent):
    """The settings were read again, and are wrong: those in force stay, whose hash is ``configuration``."""

    says: ClassVar[str] = "reload refused: the settings in force stay"
    level: ClassVar[str] = "error"
    configuration: str
    mistakes: int


@dataclass(frozen=True, slots=True)
class StoredSettingsUnused(InternalEvent):
    """Something of what ``POST /config`` stored cannot be used, as a sentence."""

    says: ClassVar[str] = "stored settings not used"
    level: ClassVar[str] = "warning"
    notice: str


@dataclass(frozen=True, slots=True)
class SettingsDamaged(InternalEvent):
    """What ``POST /config`` stored cannot be read: nothing is removed until it is set again."""

    says: ClassVar[str] = "stored settings cannot be read; nothing is removed until they are set again"
    level: ClassVar[str] = "error"
    path: str
