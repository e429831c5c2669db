"""Labels as text; their values may be any words that a producer chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# Both formats escape these three. A zero byte is the end of the text to the scanner of Prometheus, and one in a name
# would cost the whole scrape: it is shown as its symbol. (Not as a replacement character: no query may hold one.)
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\0": "\u2400"})


def label_text(names: Iterable[str], values: Iterable[str]) -> str:
    """Return ``a="x",b="y"``."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in zip(names, values, strict=True))


def escaped(value: str) -> str:
    """Return a label's value as it stands between its quotes."""
    return value.translate(_ESCAPES)


class LabelTexts:
    """The labels of keys that are numbered in order and never change, made once each."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._texts: list[str] = []

    def of(self, keys: Sequence[Sequence[str]]) -> list[str]:
        """Return the texts of ``keys``, which begin with those of the last call."""
        self._texts += [label_text(self._names, key) for key in keys[len(self._texts) :]]
        return self._texts[: len(keys)]
