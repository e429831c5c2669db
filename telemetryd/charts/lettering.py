"""Text inside a chart: names that are no markup, and how much room a text needs.

Plotly reads text as a kind of HTML (``<b>``, ``<a href>``, entities), as TeX between ``$`` where MathJax is
about, and hover text as a template (``%{y}``). What a user chose is made to stand for itself in all three.
"""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Invisible, but part of how some scripts are written: zero width joiner and non-joiner.
_JOINERS = "\u200c\u200d"
_MARKUP = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "%": "&#37;"}
)
_RIGHT_TO_LEFT = ("R", "AL", "AN")
# Hundredths of an em that DejaVu Sans takes for the characters from space to tilde: the widest
# of the fonts that a chart may meet. Beyond them a character counts as wide as a capital.
_WIDTHS = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34,
    84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99,
    69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52,
    39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
_OTHERS = {"·": 32, "–": 50, "µ": 64, "×": 84, "√": 64, " ": 32}
_WIDE, _BOLD = 70, 1.11
_FULL_WIDTH = 104


def plain(name: str) -> str:
    """Return a name as one line that can be seen: controls and turns of direction become a mark.

    They could break the line, hide a part of it, or turn the text after it; some may not be in SVG at all.
    A name that is written from right to left keeps to itself.
    """
    seen = "".join(_REPLACEMENT if _is_hidden(character) else character for character in name)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in seen):
        return f"\u2068{seen}\u2069"
    return seen


def markup(text: str) -> str:
    """Return what makes Plotly show exactly ``text``, in a title, a legend, an annotation or a hover template."""
    return text.translate(_MARKUP)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels a line of text takes at a font size in pixels; rather too many."""
    hundredths = sum(map(_hundredths, text))
    return hundredths / 100 * size * (_BOLD if bold else 1.0)


def fitted(text: str, pixels: float, size: float) -> str:
    """Return ``text``, or what fits into some pixels of it: its beginning and its end, which tell names apart."""
    if width_of(text, size) <= pixels:
        return text
    kept = len(text)
    while kept > 1:
        kept -= 1
        head = -(-kept * 3 // 5)
        short = text[:head].rstrip() + ELLIPSIS + text[len(text) - (kept - head) :].lstrip()
        if width_of(short, size) <= pixels:
            return short
    return ELLIPSIS


def shortened(text: str, most: int) -> str:
    """Return ``text``, or its beginning and its end where it has more than ``most`` characters."""
    head = most * 3 // 5
    return text if len(text) <= most else text[:head] + ELLIPSIS + text[head + 1 - most :]


def lines_of(text: str, pixels: float, size: float) -> list[str]:
    """Return ``text`` broken at spaces into lines that fit into some pixels; a longer word has its own line."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width_of(f"{lines[-1]} {word}", size) <= pixels:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _is_hidden(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE


def _hundredths(character: str) -> int:
    number = ord(character) - 32
    if 0 <= number < len(_WIDTHS):
        return _WIDTHS[number]
    known = _OTHERS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character) or character in "\u2068\u2069":
        return 0
    return _FULL_WIDTH if unicodedata.east_asian_width(character) in "WF" or character in "…�" else _WIDE
