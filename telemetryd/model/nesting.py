"""JSON that is nested without end, taken apart at its outermost level: for what no recursive reader gets through."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A string that does not end matches to the end of the text, so that no text is looked at twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?|[\[{]+|[\]}]+|[,:]', re.DOTALL)
_BLANK = b" \t\r\n"


def elements(text: bytes) -> list[bytes]:
    """Return the elements of a JSON array as they are written; raises ValueError where it is none.

    Only the array itself is read: what is wrong inside of an element is not seen.
    """
    if not (text.startswith(b"[") and text.endswith(b"]")):
        raise ValueError("expected an array")
    found = [text[start:end].strip(_BLANK) for start, end, _ in _parts(text)]
    return [] if found == [b""] else found


def members(text: bytes) -> dict[bytes, bytes]:
    """Return the members of a JSON object, names with their quotes and values as they are written.

    As :func:`elements`, for an object; of a name that is given twice the last value counts.
    """
    if not (text.startswith(b"{") and text.endswith(b"}")):
        raise ValueError("expected an object")
    found: dict[bytes, bytes] = {}
    for start, end, colon in _parts(text):
        if colon:
            found[text[start:colon].strip(_BLANK)] = text[colon + 1 : end].strip(_BLANK)
        elif text[start:end].strip(_BLANK) or found:
            raise ValueError("expected a name and a value")
    return found


def _parts(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where each part between commas starts and ends, and where its first colon is, or 0."""
    depth, start, colon, last = 0, 1, 0, len(text) - 1
    for token in _TOKEN.finditer(text, 1, last):
        sign = text[token.start()]
        if sign in b"[{":
            depth += token.end() - token.start()
        elif sign in b"]}":
            depth -= token.end() - token.start()
            if depth < 0:
                raise ValueError("expected as many opening brackets as closing ones")
        elif depth == 0 and sign == b","[0]:
            yield start, token.start(), colon
            start, colon = token.end(), 0
        elif depth == 0 and sign == b":"[0]:
            colon = colon or token.start()
    if depth:
        raise ValueError("expected as many closing brackets as opening ones")
    yield start, last, colon
