"""One value against its setting: what is expected, whether it is that, and how text says it."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Callable, Iterable
from typing import Any

from telemetryd.api.listen import MAX_SOCKET_PATH, SYNTAX, fits_a_socket, parse_listen
from telemetryd.model.errors import InvalidParameter
from telemetryd.model.setting import Setting
from telemetryd.model.timerange import HOUR

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MAX_PATH = 4096

_whole = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_found = reprlib.Repr()
_found.maxstring = _found.maxother = _found.maxlong = 80
_found.maxlist = _found.maxdict = _found.maxlevel = 2


def expectation(setting: Setting) -> str:
    """Return what values of ``setting`` must be, as the part of a sentence after "expected"."""
    if setting.name in _RULES:
        return _RULES[setting.name][0]
    if setting.choices:
        return f"one of {', '.join(setting.choices)}"
    if setting.kind is bool:
        return "true or false"
    if setting.kind is int:
        unit = f" of {setting.unit}" if setting.unit else ""
        return f"a whole number{unit} from {setting.minimum:.0f} to {setting.maximum:.0f}"
    return "text"


def accepts(setting: Setting, value: object) -> bool:
    """Whether ``value`` has the type of ``setting``, exactly, and lies within its bounds."""
    if type(value) is not setting.kind:  # a bool is an int to Python, not to us
        return False
    if isinstance(value, str) and not _is_clean(value):
        return False
    if isinstance(value, int) and setting.kind is int:
        assert setting.minimum is not None and setting.maximum is not None
        if not setting.minimum <= value <= setting.maximum:
            return False
    if setting.choices and value not in setting.choices:
        return False
    return setting.name not in _RULES or _RULES[setting.name][1](value)


def from_text(setting: Setting, text: str) -> object:
    """Return the value that ``text`` says, or ``text`` itself where it says none of the setting's type."""
    if setting.kind is bool:
        return _WORDS.get(text.strip().lower(), text)
    if setting.kind is int and _whole.fullmatch(text.strip()):
        return int(text)
    return text


def described(value: object) -> str:
    """Return ``value`` as a sentence can show it: quoted where it is text, and never long."""
    return _found.repr(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that ``name`` most likely means, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _is_clean(text: str) -> bool:
    return "\0" not in text and "\n" not in text and text.isprintable()


def _is_path(value: Any) -> bool:
    return bool(value.strip()) and len(value) <= _MAX_PATH


def _is_listen(value: Any) -> bool:
    try:
        parse_listen(value)
    except InvalidParameter:
        return False
    return True


# Rules of single settings beyond type and bounds: what is expected, and whether a value is that.
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "telemetry.metrics_path": ("the path of a folder", _is_path),
    "telemetry.reports_path": ("the path of a folder", lambda value: not value or _is_path(value)),
    "telemetry.sampling_interval": (f"a whole number of s that divides {HOUR}", lambda value: HOUR % value == 0),
    "ingest.socket": (f"a path of at most {MAX_SOCKET_PATH} bytes", lambda value: not value or fits_a_socket(value)),
    "http.listen": (SYNTAX, _is_listen),
    "charts.browser": ("the path of a program", lambda value: not value or _is_path(value)),
}
