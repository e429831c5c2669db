"""Colours of backends, series, statuses and healths: the same word has the same colour in every chart.

Each colour is for both themes: at least 3:1 against the light and the dark surface, so that a chart
changes its theme without being drawn anew. The words of one kind stay apart for people who do not
see red, green or blue; the tests hold the distances. Colours are computed in OKLCH
(https://bottosson.github.io/posts/oklab).
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from types import MappingProxyType

# Relative luminances at which a colour has 3:1 against #ffffff and against #171d27, with a little to spare.
_DARKEST, _LIGHTEST = 0.139, 0.297

_BACKENDS = MappingProxyType(
    {
        "ipfs": "#2ba3a6",
        "s3": "#d07f29",
        "storacha": "#af425b",
        "filecoin": "#4368b0",
        "local": "#aa79fb",
        # What has no name of its own is grey.
        "other": "#8e949d",
        "unknown": "#666d78",
    }
)
_STATUSES = MappingProxyType(
    {
        "pending": "#8f9399",
        "processing": "#2196ec",
        "retrying": "#cb8420",
        "completed": "#13776a",
        "failed": "#c9271f",
    }
)
_HEALTHS = MappingProxyType({"online": "#4fa293", "degraded": "#d3800f", "offline": "#c72823", "unknown": "#656c79"})

REST = "#8c939e"

# What an operation type adds to its backend's colour: how light (0 to 1), a turn of the hue (degrees),
# and the dash of its lines. Types that are often drawn together are far apart.
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_TURNS = (0, -13, 13)
_OPERATION_TYPES = MappingProxyType(
    {
        "add": (0.0, 0, "solid"),
        "get": (1.0, 0, "solid"),
        "pin": (0.5, 0, "solid"),
        "unpin": (0.5, 13, "dot"),
        "rm": (0.0, 13, "dot"),
        "cat": (0.25, -13, "dash"),
        "list": (0.75, -13, "dash"),
        "mkdir": (1.0, 13, "dot"),
        "copy": (0.25, 13, "dashdot"),
        "move": (0.75, 13, "dashdot"),
        "upload": (0.0, -13, "solid"),
        "download": (1.0, -13, "solid"),
        "custom": (0.5, -13, "dash"),
    }
)


def backend_colour(name: str) -> str:
    """Return a backend's colour, such as ``#2ba3a6``; an unknown backend's depends on its name alone."""
    known = _BACKENDS.get(name)
    return known if known is not None else _hashed_backend(name)


def series_colour(operation_type: str, backend: str) -> str:
    """Return the colour of one operation type on one backend: the backend's hue, as light as the type says."""
    lightness, turn, _ = _of_operation_type(operation_type)
    return _variant(backend_colour(backend), lightness, turn)


def series_dash(operation_type: str) -> str:
    """Return how the lines of an operation type are dashed, in Plotly's words."""
    return _of_operation_type(operation_type)[2]


def status_colour(status: str) -> str:
    """Return the colour of a status of operations."""
    return _STATUSES.get(status, REST)


def health_colour(health: str) -> str:
    """Return the colour of a backend's health."""
    return _HEALTHS.get(health, _HEALTHS["unknown"])


def linear(colour: str) -> tuple[float, float, float]:
    """Return the linear red, green and blue of a ``#rrggbb`` colour, each 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def oklab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return OKLab of linear red, green and blue; the distance of two is how different they look."""
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _of_operation_type(name: str) -> tuple[float, int, str]:
    known = _OPERATION_TYPES.get(name)
    if known is not None:
        return known
    number = _number(name)
    dash = ("dash", "dot", "dashdot", "longdash")[number // 64 % 4]
    return _STEPS[number % len(_STEPS)], _TURNS[number // 8 % len(_TURNS)], dash


def _number(name: str) -> int:
    """Return a number that is a name's own on every machine and in every run; ``hash`` is not."""
    return int.from_bytes(hashlib.blake2b(name.encode(errors="replace"), digest_size=4).digest(), "big")


@lru_cache(maxsize=4096)
def _hashed_backend(name: str) -> str:
    number = _number(name)
    target = _DARKEST + (_LIGHTEST - _DARKEST) * (number // 360 % 3 / 2)
    return _at_luminance(target, 0.08 + 0.05 * (number // 2048 % 2), number % 360)


@lru_cache(maxsize=4096)
def _variant(colour: str, lightness: float, turn: float) -> str:
    _, a, b = oklab(*linear(colour))
    hue = math.degrees(math.atan2(b, a)) + turn
    target = math.cbrt(_DARKEST) + (math.cbrt(_LIGHTEST) - math.cbrt(_DARKEST)) * lightness
    return _at_luminance(target**3, math.hypot(a, b), hue)


def _at_luminance(target: float, chroma: float, hue: float) -> str:
    """Return the colour of a hue that has a luminance, as saturated as asked for and sRGB has it."""
    while True:
        low, high = 0.0, 1.0
        for _ in range(24):
            middle = (low + high) / 2
            red, green, blue = _of_oklch(middle, chroma, hue)
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
            low, high = (middle, high) if light < target else (low, middle)
        rgb = _of_oklch(low, chroma, hue)
        if chroma < 0.005 or all(-1e-4 <= part <= 1 + 1e-4 for part in rgb):
            return _hex(*rgb)
        chroma *= 0.95


def _of_oklch(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(*rgb: float) -> str:
    clipped = (min(1.0, max(0.0, part)) for part in rgb)
    coded = (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in clipped)
    return "#" + "".join(f"{round(255 * part):02x}" for part in coded)
