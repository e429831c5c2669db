"""What a producer remembers beyond its own death: lines of a word and a number, in a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


class Notes:
    """The notes of one producer, for the process that writes them and for whoever looks at the end.

    A process that is killed loses nothing that it noted: the machine does not die here, so the
    system's cache is as good as a disk.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._path = path

    def note(self, word: str, number: int) -> None:
        """Note a number; of each word, the highest counts."""
        os.write(self._file, f"{word} {number}\n".encode())

    def read(self) -> dict[str, int]:
        """Return the highest number of each word."""
        return read(self._path)


def read(path: Path) -> dict[str, int]:
    """Return the highest number of each word in a file of notes; nothing where there is none."""
    highest: dict[str, int] = {}
    for line in _lines(path):
        word, _, number = line.partition(" ")
        highest[word] = max(highest.get(word, 0), int(number))
    return highest


@dataclass(slots=True)
class Emitted:
    """What an emitter's notes tell: the last number of all, and which are safe, a range for each of its processes."""

    noted: int = 0
    safe: list[range] = field(default_factory=list)


def emitted(path: Path) -> Emitted:
    """Return what the notes of an emitter tell; nothing where there are none."""
    told, begin = Emitted(), 1
    for line in _lines(path):
        word, _, text = line.partition(" ")
        number = int(text)
        if word == "begin":
            begin = number
        elif word == "noted":
            told.noted = number
        elif told.safe and told.safe[-1].start == begin:
            told.safe[-1] = range(begin, number + 1)
        else:
            told.safe.append(range(begin, number + 1))
    return told


def _lines(path: Path) -> list[str]:
    """Return the lines that are complete: the last one may be half written."""
    return path.read_text().split("\n")[:-1] if path.exists() else []
