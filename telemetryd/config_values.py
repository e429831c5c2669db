"""One value against its setting: what is expected, whether it is that, and how text says it."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from telemetryd.api.listen import SYNTAX, parse_listen
from telemetryd.ingest.socket_file import LONGEST_PATH, fits_a_socket
from telemetryd.model.errors import InvalidParameter
from telemetryd.model.setting import Setting
from telemetryd.model.timerange import HOUR

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MAX_PATH = 4096
# Of a list: how many words, and how many characters of one.
MAX_WORDS = 100
_MAX_WORD = 255

_whole = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_host = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?", re.ASCII)
_gap = re.compile(r"[\s,]")
_mode = re.compile(r"0?[67][0-7]{2}", re.ASCII)
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
    if setting.kind is tuple:
        return f"a list of at most {MAX_WORDS} words, none of them empty"
    return "text"


def accepts(setting: Setting, value: object) -> bool:
    """Whether ``value`` has the type of ``setting``, exactly, and lies within its bounds; a list may be a tuple."""
    if setting.kind is tuple:
        if not isinstance(value, list | tuple) or len(value) > MAX_WORDS or not all(map(_is_word, value)):
            return False
    elif type(value) is not setting.kind:  # a bool is an int to Python, not to us
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
    if setting.kind is tuple:
        words = tuple(word for each in text.split(",") if (word := each.strip()))
        # Commas alone are a mistake: as a list of nobody they would mean that everybody is allowed.
        return words if words or not text.strip() else text
    return text


def kept(value: Any) -> Any:
    """Return a value that was accepted as settings hold it: a list cannot change any more."""
    return tuple(value) if isinstance(value, list) else value


def described(value: object) -> str:
    """Return ``value`` as a sentence can show it: quoted where it is text, and never long."""
    return _found.repr(value)


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return a hint at the known name that ``name`` most likely means, or nothing; a ``prefix`` that all share counts for nothing."""
    bare = {each.removeprefix(prefix): each for each in known}
    found = difflib.get_close_matches(name.removeprefix(prefix), bare, n=1)
    return f"; did you mean {bare[found[0]]}?" if found else ""


def _is_clean(text: str) -> bool:
    return "\0" not in text and "\n" not in text and text.isprintable()


def _is_word(value: object) -> bool:
    """Whether a list may hold ``value``: the environment separates its words by commas."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_WORD and _is_clean(value) and not _gap.search(value)


def _is_host(word: str) -> bool:
    if word == "*" or _host.fullmatch(word):
        return True
    try:
        ip_address(word.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_path(value: Any) -> bool:
    return bool(value.strip()) and len(value) <= _MAX_PATH


def _is_listen(value: Any) -> bool:
    try:
        parse_listen(value)
    except InvalidParameter:
        return False
    return True


def _is_mode(value: Any) -> bool:
    return bool(_mode.fullmatch(value))


def _is_no_or_a_word(value: Any) -> bool:
    return not value or _is_word(value)


_MODE = "permissions in octal, from 0600 to 0777"
_GROUP = "the name or number of a group"

# Rules of single settings beyond type and bounds: what is expected, and whether a value is that.
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "telemetry.metrics_path": ("the path of a folder", _is_path),
    "telemetry.reports_path": ("the path of a folder", lambda value: not value or _is_path(value)),
    "telemetry.sampling_interval": (f"a whole number of s that divides {HOUR}", lambda value: HOUR % value == 0),
    "ingest.socket": (f"a path of at most {LONGEST_PATH} bytes", lambda value: not value or fits_a_socket(value)),
    "ingest.socket_mode": (_MODE, _is_mode),
    "ingest.socket_group": (_GROUP, _is_no_or_a_word),
    "http.listen": (SYNTAX, _is_listen),
    "http.allowed_hosts": (
        "a list of host names and addresses without port, or `*`",
        lambda value: all(map(_is_host, value)),
    ),
    "http.socket_mode": (_MODE, _is_mode),
    "http.socket_group": (_GROUP, _is_no_or_a_word),
    "http.tokens": ("the path of a file", lambda value: not value or _is_path(value)),
    "http.tls_certificate": ("the path of a file", lambda value: not value or _is_path(value)),
    "http.tls_key": ("the path of a file", lambda value: not value or _is_path(value)),
    "charts.browser": ("the path of a program", lambda value: not value or _is_path(value)),
}
