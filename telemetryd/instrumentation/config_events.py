"""The internal events of settings: what is in force, what changed, what waits, what is wrong."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class Configured(InternalEvent, frozen=True):
    """The settings of this start; ``configuration`` is their hash, ``file`` the TOML file if there is one."""

    says: ClassVar[str] = "configured"
    configuration: str
    file: str | None


class SettingChanged(InternalEvent, frozen=True):
    """A setting has another value from now on, by ``POST /config`` or a reload; ``source`` is where the new one is given."""

    says: ClassVar[str] = "setting changed"
    setting: str
    old: str
    new: str
    source: str


class SettingWaits(InternalEvent, frozen=True):
    """A setting was given another value, which holds from the next start on."""

    says: ClassVar[str] = "setting waits for a restart"
    level: ClassVar[str] = "warning"
    setting: str
    in_force: str
    at_restart: str
    source: str


class SettingOverruled(InternalEvent, frozen=True):
    """The file gives a setting another value than before, and ``source`` overrules it: told at the reload that finds it."""

    says: ClassVar[str] = "setting of the file does not hold"
    level: ClassVar[str] = "warning"
    setting: str
    file: str
    holds: str
    source: str


class Reloaded(InternalEvent, frozen=True):
    """The settings were read again and hold; ``configuration`` is their hash."""

    says: ClassVar[str] = "reloaded"
    configuration: str
    changed: int
    waiting: int


class SettingWrong(InternalEvent, frozen=True):
    """One of the mistakes for which a reload was refused, as a sentence."""

    says: ClassVar[str] = "setting wrong"
    level: ClassVar[str] = "error"
    mistake: str


class ReloadRefused(InternalEvent, frozen=True):
    """The settings were read again, and are wrong: those in force stay, whose hash is ``configuration``."""

    says: ClassVar[str] = "reload refused: the settings in force stay"
    level: ClassVar[str] = "error"
    configuration: str
    mistakes: int


class StoredSettingsUnused(InternalEvent, frozen=True):
    """Something of what ``POST /config`` stored cannot be used, as a sentence."""

    says: ClassVar[str] = "stored settings not used"
    level: ClassVar[str] = "warning"
    notice: str


class SettingsDamaged(InternalEvent, frozen=True):
    """What ``POST /config`` stored cannot be read: nothing is removed until it is set again."""

    says: ClassVar[str] = "stored settings cannot be read; nothing is removed until they are set again"
    level: ClassVar[str] = "error"
    path: str
