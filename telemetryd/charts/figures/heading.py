"""What stands above a chart: what it is, and in smaller letters of what, when, and in which steps."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from telemetryd.charts import moments
from telemetryd.charts.drawing import LONGEST_NAME, Drawing
from telemetryd.charts.lettering import fitted, lines_of, plain, shortened, width_of
from telemetryd.charts.quantities import every

from .canvas import Canvas

# From long to short: the first that fits is taken.
TITLES = MappingProxyType(
    {
        "operation_count": ("Operations entering each status", "Operations by status", "Operations", "Count"),
        "operation_latency": ("Latency of operations", "Operation latency", "Latency"),
        "success_rate": ("Success rate of operations", "Success rate", "Success"),
        "error_rate": ("Error rate of operations", "Error rate", "Errors"),
        "backend_health": ("Health of backends", "Backend health", "Health"),
        "throughput": ("Throughput of operations", "Throughput per minute", "Ops/min"),
        "queue_size": ("Operations in flight", "Queue size", "Queue"),
        "retry_count": ("Retries of operations", "Retries"),
    }
)
# What the status filter makes a difference to.
_BY_STATUS = ("operation_count", "operation_latency", "throughput", "queue_size")
_SEPARATOR = "   ·   "


@dataclass(frozen=True, slots=True)
class Heading:
    """Title and lines of subtitle, as they fit, and both whole; nothing of it is marked up yet.

    ``scope`` is the part of the subtitle that says of what and when.
    """

    title: str
    lines: tuple[str, ...]
    whole_title: str
    whole_subtitle: str
    scope: str

    @classmethod
    def of(cls, canvas: Canvas, drawing: Drawing) -> Heading:
        """Return the heading of a drawing on a canvas."""
        titles = TITLES[drawing.metric_type]
        subject = _subject(drawing)
        if subject:
            titles = (f"{titles[0]}: {subject}", f"{titles[-1]}: {subject}", *titles)
        room = canvas.width - 2 * canvas.inset
        fitting = (title for title in titles if width_of(title, canvas.title_size, bold=True) <= room)
        title = next(fitting, fitted(titles[-1], room, canvas.title_size * 1.1))
        scope, parts = _scope(drawing), _scope(drawing) + _facts(drawing)
        return cls(title, _lines(parts, canvas, room), titles[0], " · ".join(parts), ", ".join(scope))


def series_name(drawing: Drawing, key: tuple[str, ...]) -> str:
    """Return what a series is called in its chart: what all of them share, the heading says."""
    if len(key) == 1:
        return _word(key[0])
    operation_type, backend = map(_word, key)
    if drawing.backend is not None and drawing.operation_type is None:
        return operation_type
    if drawing.operation_type is not None and drawing.backend is None:
        return backend
    return f"{operation_type} on {backend}"


def filters(drawing: Drawing) -> str:
    """Return the filters in words: ``pin on ipfs, status failed``; empty where there are none."""
    words = []
    if drawing.operation_type is not None and drawing.metric_type != "backend_health":
        words.append(_word(drawing.operation_type))
    if drawing.backend is not None:
        words.append(f"on {_word(drawing.backend)}")
    said = " ".join(words)
    if drawing.status is not None and drawing.metric_type in _BY_STATUS:
        said += f"{', ' if said else ''}status {drawing.status}"
    return said


def _word(name: str) -> str:
    return plain(shortened(name, LONGEST_NAME // 2))


def _subject(drawing: Drawing) -> str:
    """Return the name of the only series, where the filters do not say it anyway."""
    if len(drawing.keys) != 1 or filters(drawing):
        return ""
    return series_name(drawing, drawing.keys[0])


def _scope(drawing: Drawing) -> list[str]:
    said = filters(drawing)
    return [*([said] if said else []), moments.span(drawing.start, drawing.end)]


def _facts(drawing: Drawing) -> list[str]:
    local = moments.local_time(plain(drawing.zone), drawing.utc_offset)
    return [local, f"one sample per {every(drawing.interval)}"]


def _lines(parts: list[str], canvas: Canvas, room: float) -> tuple[str, ...]:
    """Return the parts in as many lines as there is room for; what does not fit is left out from the end."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}{_SEPARATOR}{part}" if lines else part
        if lines and width_of(longer, canvas.text) <= room:
            lines[-1] = longer
        elif len(lines) < canvas.subtitle_lines:
            lines.append(fitted(part, room, canvas.text))
        else:
            break
    return tuple(lines)


def wrapped(text: str, canvas: Canvas, pixels: float) -> list[str]:
    """Return a sentence in lines of a width, each cut where a single word is too long."""
    return [fitted(line, pixels, canvas.text) for line in lines_of(text, pixels, canvas.text)]
