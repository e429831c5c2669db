"""One chart as one HTML file: opens from disk, without a network, and asks nobody for anything."""

from __future__ import annotations

import html

import orjson

from .policy import page_policy, scripts, static
from .theme import THEMES, template

# What JSON may not hold inside <script>: the end of the element, a comment, and two ends of lines of old JavaScript.
_UNSAFE = (
    (b"&", b"\\u0026"),
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)
_PAGE = """\
<!doctype html>
<html lang="en"{theme}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{schemes}">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{subtitle}</p>
<figure>
<div id="chart" role="img" aria-label="{alt}"></div>
<noscript><p>{alt} The chart itself needs JavaScript.</p></noscript>
<figcaption id="clock">Times are UTC.</figcaption>
</figure>
</main>
"""


def standalone(figure_json: bytes, title: str, theme: str = "") -> bytes:
    """Return the page of a figure, given as JSON: ``{"data": [...], "layout": {...}}``.

    Without a ``theme`` it is light or dark as its reader's system is.
    Heading, subtitle and the words for those who do not see it are the figure's ``layout.meta``.
    """
    meta = orjson.loads(figure_json).get("layout", {}).get("meta") or {}
    chosen = f' data-theme="{theme}"' if theme in THEMES else ""
    words = {
        "policy": page_policy(),
        "schemes": theme or "light dark",
        "title": title,
        "heading": meta.get("title") or title,
        "subtitle": meta.get("subtitle", ""),
        "alt": meta.get("alt") or title,
    }
    head = _PAGE.format(
        style=static("chart.css"), theme=chosen, **{name: html.escape(text) for name, text in words.items()}
    )
    themes = orjson.dumps({name: template(name) for name in THEMES})
    return b"".join(
        [
            head.encode(errors="replace"),
            _data("figure", figure_json),
            _data("templates", themes),
            *(b"<script>%b</script>\n" % script for script in scripts()),
            b"</body>\n</html>\n",
        ]
    )


def _data(name: str, document: bytes) -> bytes:
    for unsafe, safe in _UNSAFE:
        document = document.replace(unsafe, safe)
    return b'<script type="application/json" id="%b">%b</script>\n' % (name.encode(), document)
