"""The three pages of a report: of its making, of its failure, and the report itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from telemetryd.charts.theme import template
from telemetryd.model.timerange import DAY

from .facts import Facts
from .findings import findings
from .names import Name
from .progress import ShownStep
from .record import CHARTS, CSV, JSON, PICTURES, PLOTLY, SCRIPT, STYLE, Record
from .tables import tables
from .tiles import tiles
from .wording import duration, instant, length, number, offset, period_before

if TYPE_CHECKING:
    import jinja2

# The size of a chart on the page and of its picture, in pixels.
WIDTH, HEIGHT = 1200, 600
# How often the page of a report that is being made looks for what has become of it, in seconds.
REFRESH = 1
# Over HTTP the server says the same; from disk this is what keeps a page to its own folder.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; base-uri 'none'; form-action 'none'"
)
# In the order of a reader's questions: the metric, its heading, what its chart shows.
CHART_TITLES = MappingProxyType(
    {
        "operation_latency": ("Latency", "How long operations took from start to end."),
        "success_rate": ("Success rate", "The share of operations that completed, of all that ended."),
        "error_rate": ("Error rate", "The share of operations that failed, of all that ended."),
        "throughput": ("Throughput", "Operations that ended, a minute."),
        "operation_count": ("Operations by status", "How many operations entered each status."),
        "queue_size": ("Queue", "Operations in flight: begun and not ended."),
        "retry_count": ("Retries", "How many times an operation was tried again."),
        "backend_health": ("Backend health", "Whether each backend was online, degraded or offline."),
    }
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: the Plotly figure as JSON, what it shows in words, and whether there is a picture of it."""

    metric_type: str
    figure: bytes
    alt: str
    has_picture: bool


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The node's own time at the end of the range: its zone's name and its offset from UTC in s."""

    zone: str
    utc_offset: int


class _Meta(msgspec.Struct):
    alt: str = ""


class _Layout(msgspec.Struct):
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Figure(msgspec.Struct):
    layout: _Layout = msgspec.field(default_factory=_Layout)


def alt_of(figure: bytes) -> str:
    """Return what a figure (as JSON) says of itself in words."""
    return msgspec.json.decode(figure, type=_Figure).layout.meta.alt


def report_page(
    record: Record, facts: Facts, charts: Sequence[Chart], no_pictures: str, local: LocalTime, version: str
) -> bytes:
    """Return the page of a report; ``no_pictures`` is the sentence that says why some are missing, or empty."""
    drawn = {each.metric_type: each for each in charts}
    themes = {name: template(name) for name in ("light", "dark")}
    return _rendered(
        "report.html.jinja",
        record,
        facts=facts,
        tiles=tiles(facts),
        findings=findings(facts),
        tables=tables(facts),
        charts=[(*CHART_TITLES[name], drawn[name]) for name in CHART_TITLES if name in drawn],
        templates=data_block(msgspec.json.encode(themes)),
        no_pictures=no_pictures,
        local=local,
        version=version,
    )


def progress_page(record: Record, steps: Sequence[ShownStep]) -> bytes:
    """Return the page of a report that is being made; it looks for its successor by itself."""
    return _rendered("progress.html.jinja", record, steps=steps, refresh=REFRESH)


def failure_page(record: Record) -> bytes:
    """Return the page of a report that could not be made, which says why."""
    return _rendered("failed.html.jinja", record)


def data_block(json: bytes) -> Markup:
    """Return JSON as it can stand inside a ``script`` of a page, whatever its strings hold."""
    text = json.decode()
    for character in "<>&\u2028\u2029":
        # Outside of strings JSON has none of them.
        text = text.replace(character, f"\\u{ord(character):04x}")
    # Nothing is left in it that markup is made of.
    return Markup(text)


def _rendered(template_name: str, record: Record, **context: Any) -> bytes:
    page = _environment().get_template(template_name)
    text = page.render(record=record, span=record.end_time - record.start_time, **context)
    return text.encode("utf-8", "replace")


@cache
def _environment() -> jinja2.Environment:
    # With the first page and not before: a start would wait for it.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("telemetryd.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "block": data_block,
        "duration": duration,
        "instant": instant,
        "length": length,
        "number": number,
        "offset": offset,
        "period_before": period_before,
        "percentage": lambda share: f"{share * 100:.0f}",
    }
    environment.tests["name"] = lambda part: isinstance(part, Name)
    environment.globals |= {
        "CSV": CSV,
        "DAY": DAY,
        "JSON": JSON,
        "PICTURES": PICTURES,
        "POLICY": CONTENT_SECURITY_POLICY,
        "SCRIPTS": (PLOTLY, CHARTS, SCRIPT),
        "STYLE": STYLE,
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
    }
    return environment
