"""The health of backends over time."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from telemetryd.charts.colours import health_colour
from telemetryd.charts.drawing import Look
from tests.charts.samples import DAY, HOUR, NOON, drawing

from .reading import named, read


def test_a_backend_is_a_row_of_stretches() -> None:
    """Stretches of one state are merged, exactly as long as they were, in the colour and thickness of the state."""
    figure = read(drawing("backend_health", "much"))
    assert list(figure.layout.yaxis.ticktext) == ["ipfs", "s3", "storacha", "filecoin", "local"]
    (online,), (offline,) = named(figure, "online"), named(figure, "offline")
    assert np.asarray(online.x)[np.asarray(online.y) == 0].tolist() == [DAY * 1000.0]
    assert set(np.asarray(offline.y).tolist()) == {2.0}
    assert np.asarray(offline.x).tolist() == [13 * 60_000.0] * 8
    assert offline.marker.color == health_colour("offline")
    assert np.max(online.width) < np.min(offline.width)


def test_offline_is_told_in_words() -> None:
    """Trouble has its duration beside it, and in the words for those who do not see the chart."""
    figure = read(drawing("backend_health", "much"))
    (words,) = (trace for trace in figure.data if trace.type == "scatter")
    assert set(words.text) == {"offline 13 min"}
    assert "1 of 5 backends was not online all the time. storacha: " in figure.layout.meta["alt"]
    assert "offline 13 min" in figure.layout.meta["alt"]
    assert "online whenever known" in read(drawing("backend_health", "one")).layout.meta["alt"].lower()


def test_hover_text_has_name_state_and_time() -> None:
    """Each stretch says whose it is, what it was, for how long and when."""
    (offline,) = named(read(drawing("backend_health", "much")), "offline")
    assert offline.hovertext[0] == "<b>storacha</b><br>offline for 13 min<br>23 Nov 2026, 13:24 – 13:37 UTC"


def test_changes_inside_an_interval_are_hatched() -> None:
    """Of an hour in which a backend was down for a while, the worst is told, by a pattern too, as thick as its mean."""
    figure = read(drawing("backend_health", "much", start=NOON - 30 * DAY, interval=HOUR))
    (partly,) = named(figure, "partly offline")
    assert partly.marker.pattern.shape == "/"
    (online,) = named(figure, "online")
    assert (np.asarray(partly.width) > np.max(online.width)).all()
    assert "% healthy" in partly.hovertext[0].replace("&#37;", "%")


def test_an_outage_is_as_long_as_it_was() -> None:
    """One from 0:30 to 4:30 has four minutes in its words, below it and in the hover text, as the report tells it."""
    minutes = [1.0, 0.5, 0.0, 0.0, 0.0, 0.5] + [1.0] * 54
    made = drawing("backend_health", "one", now=float(NOON))
    columns = {"mean": minutes, "min": [float(each == 1.0) for each in minutes]}
    columns |= {"max": [float(each > 0) for each in minutes], "last": [float(not 1 <= at <= 4) for at in range(60)]}
    statistics = {name: np.array(column).tobytes() for name, column in columns.items()}
    figure = read(msgspec.structs.replace(made, statistics=statistics))
    (words,) = (trace for trace in figure.data if trace.type == "scatter")
    assert list(words.text) == ["offline 4 min"]
    assert "ipfs: 4 min, the longest 24 Nov 2026, 11:01:30 – 11:05:30 UTC, offline 4 min." in figure.layout.meta["alt"]
    (partly,) = named(figure, "partly offline")
    assert [text.split("<br>")[1] for text in partly.hovertext] == [
        "partly offline within 1 min: offline 30 s, 50 &#37; healthy",
    ] * 2


def test_what_is_unknown_is_thin() -> None:
    """Where nothing is known of a backend a thin line says so; beyond now there is none."""
    figure = read(drawing("backend_health", "gaps"))
    (unknown,) = named(figure, "unknown")
    assert np.max(unknown.width) < min(np.min(trace.width) for trace in named(figure, "online"))
    (online,) = read(drawing("backend_health", "one")).data[:1]
    assert np.asarray(online.x).tolist() == [3_500_000.0]


def test_a_moment_of_trouble_is_seen() -> None:
    """Some minutes offline in many days are no thinner than two pixels."""
    figure = read(drawing("backend_health", "much", start=NOON - 6 * DAY))
    (offline,) = named(figure, "offline")
    width = figure.layout.width - figure.layout.margin.l - figure.layout.margin.r
    assert 13 * 60 / (6 * DAY) * width < 2 <= np.min(offline.x) / (6 * DAY * 1000) * width


def test_too_many_backends_share_a_row() -> None:
    """The worst have rows of their own, the others one together that has the worst of them at each moment."""
    figure = read(drawing("backend_health", "forty", look=Look(600, 400)))
    names = list(figure.layout.yaxis.ticktext)
    assert len(names) < 41
    assert set(names[:3]) == {"storacha", "cluster-07", "cluster-19"}
    assert names[-1] == f"{40 - len(names) + 1} other backends"
    (online,) = named(figure, "online")
    assert len(names) - 1 in np.asarray(online.y)


@pytest.mark.parametrize("size", [(100, 100), (300, 200)])
def test_a_small_timeline_has_its_rows(size: tuple[int, int]) -> None:
    """Names are cut, rows stay, words beside trouble go."""
    figure = read(drawing("backend_health", "much", look=Look(*size)))
    assert len(figure.layout.yaxis.ticktext) == 5
    assert all(trace.type == "bar" for trace in figure.data)
