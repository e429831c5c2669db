#!/usr/bin/env python3
"""Draw every kind of chart as PNGs, to judge a change of their design.

Every metric with much data (a day, twelve series), one series, forty series, gaps and nothing, light and
dark, from made-up samples that are the same each time; and some of them small, wide and on a phone. An
index.html shows all of them. Compare two folders before and after a change.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kaleido  # type: ignore[import-untyped]

from telemetryd.charts.drawing import THEMES, Look
from telemetryd.charts.figures import picture_of
from telemetryd.model.metrics import METRIC_TYPES
from tests.charts.samples import KINDS, drawing

BROWSER = "chromium-headless-shell"
PLOTLY = Path(__file__).resolve().parent.parent / "telemetryd/charts/static/plotly-cartesian.min.js"
USUAL = (1200, 800)
# Small, tiny, wide and upright: of these, much data in one theme.
OTHER_SIZES = ((600, 400), (300, 200), (100, 100), (2000, 500), (420, 800))


class Picture(NamedTuple):
    """One PNG of the gallery."""

    metric_type: str
    kind: str
    theme: str
    width: int
    height: int

    @property
    def file(self) -> str:
        return f"{self.metric_type}-{self.kind}-{self.theme}-{self.width}x{self.height}.png"


def pictures(
    metric_types: Sequence[str], kinds: Sequence[str], themes: Sequence[str], *, sizes: bool
) -> Iterator[Picture]:
    """Yield what is to be drawn: everything at the usual size, and the metrics in others."""
    for metric_type in metric_types:
        for kind in kinds:
            for theme in themes:
                yield Picture(metric_type, kind, theme, *USUAL)
        for size in OTHER_SIZES if sizes else ():
            yield Picture(metric_type, "much", themes[0], *size)


async def draw(wanted: Sequence[Picture], folder: Path, browser: str) -> None:
    """Draw all of them, one after the other, in one browser."""
    async with kaleido.Kaleido(n=1, timeout=60, path=browser, mathjax=False, plotlyjs=str(PLOTLY)) as renderer:
        for number, picture in enumerate(wanted, 1):
            look = Look(picture.width, picture.height, picture.theme)
            begun = time.perf_counter()
            figure = picture_of(drawing(picture.metric_type, picture.kind, look=look))
            made = time.perf_counter()
            png = await renderer.calc_fig(figure, {"format": "png", "width": look.width, "height": look.height})
            (folder / picture.file).write_bytes(png)
            figure_ms, drawing_ms = (made - begun) * 1000, (time.perf_counter() - made) * 1000
            spent = f"figure {figure_ms:3.0f} ms, picture {drawing_ms:4.0f} ms"
            print(f"{number:3}/{len(wanted)}  {spent}  {picture.file}", file=sys.stderr, flush=True)


def index(wanted: Sequence[Picture]) -> str:
    """Return a page that shows all pictures; their names are ours, and need no escape."""
    style = "body{font:14px sans-serif;background:#888;margin:1em}figure{display:inline-block;margin:4px}img{max-width:600px}"
    shown = "\n".join(
        f'<figure><a href="{each.file}"><img src="{each.file}" alt="{each.file}" loading="lazy"></a></figure>'
        for each in wanted
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Charts</title><style>{style}</style>\n{shown}\n'
    )


def main() -> None:
    """Parse the arguments and draw."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: scripts/chart_gallery.py --output /tmp/charts --metric queue_size --theme dark",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder for the PNGs; made if need be"
    )
    parser.add_argument("--metric", action="append", choices=METRIC_TYPES, help="only this metric; may be repeated")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind of samples; may be repeated")
    parser.add_argument("--theme", action="append", choices=THEMES, help="only this theme; may be repeated")
    parser.add_argument("--no-sizes", action="store_true", help="leave out the small, wide and upright ones")
    parser.add_argument(
        "--browser", default=shutil.which(BROWSER), help=f"the browser to draw with (default: {BROWSER})"
    )
    arguments = parser.parse_args()
    if not arguments.browser:
        sys.exit(f"expected {BROWSER} on the PATH or --browser, found neither")
    wanted = list(
        pictures(
            arguments.metric or METRIC_TYPES,
            arguments.kind or KINDS,
            arguments.theme or THEMES,
            sizes=not arguments.no_sizes,
        )
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(wanted, arguments.output, arguments.browser))
    (arguments.output / "index.html").write_text(index(wanted))
    print(f"{len(wanted)} charts in {arguments.output}, all of them in index.html")


if __name__ == "__main__":
    main()
