"""Operations in flight."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from telemetryd.charts.frames import Frame
from tests.charts.samples import NOON, drawing

from .reading import named, points, read


def test_areas_are_means_over_time() -> None:
    """An area is as high as the mean of its interval, and the areas of a stretch lie on each other."""
    made = drawing("queue_size", "much")
    frame, figure = Frame.of(made), read(made)
    (trace,) = named(figure, "pin on filecoin")
    cell, value = frame.line(made.keys.index(("pin", "filecoin")), "mean")
    _, y = points(trace)
    assert y[0] == pytest.approx(value[cell < 5].mean())
    assert (trace.line.shape, len({trace.stackgroup for trace in figure.data})) == ("hv", 1)
    assert figure.layout.yaxis.title.text == "operations in flight, mean per 5 min"


def test_all_series_are_in_the_stack() -> None:
    """Series with a name and the rest add up to the total of every interval."""
    made = drawing("queue_size", "forty")
    total = np.sum([points(trace)[1] for trace in read(made).data], axis=0)
    frame = Frame.of(made)
    assert total[0] == pytest.approx(frame.statistics["mean"][frame.cell < 5].sum() / 5)


def test_a_gap_is_a_gap() -> None:
    """Where nothing is known no area is drawn: each stretch is a stack of its own, in one entry of the legend."""
    figure = read(drawing("queue_size", "gaps"))
    traces = named(figure, "copy on filecoin")
    assert len(traces) == 3
    assert len({trace.stackgroup for trace in traces}) == 3
    assert [trace.showlegend for trace in traces] == [True, False, False]
    assert len({trace.legendgroup for trace in traces}) == 1
    ends = [points(trace)[0][[0, -1]] for trace in traces]
    assert ends[0][1] < ends[1][0] and ends[1][1] < ends[2][0]


def test_many_gaps_do_not_make_many_stacks() -> None:
    """Where what is known comes in many pieces, wider intervals join them."""
    made = drawing("queue_size", "much", keys=[("get", "s3")])
    frame = Frame.of(made)
    kept = frame.cell % 8 < 2
    pieces = replace(
        made,
        series=frame.series[kept].tobytes(),
        timestamp=frame.cells.start[frame.cell[kept]].tobytes(),
        statistics={name: column[kept].tobytes() for name, column in frame.statistics.items()},
    )
    assert len({trace.stackgroup for trace in read(pieces).data if trace.stackgroup}) <= 16


def test_the_peak_is_marked() -> None:
    """Of several series the highest total has a mark with its instant; of one, the most at any instant is a line."""
    figure = read(drawing("queue_size", "much"))
    (mark,) = (note for note in figure.layout.annotations if " at " in note.text)
    assert mark.text.startswith(f"{mark.y:.0f} at ")
    assert f"At most {mark.y:.0f} in flight on average" in figure.layout.meta["alt"]
    (most,) = named(read(drawing("queue_size", "one")), "most at once")
    assert np.nanmax(most.y) == Frame.of(drawing("queue_size", "one")).statistics["max"].max()
    assert most.line.color is None


def test_areas_end_now() -> None:
    """The unfinished interval is drawn until now: its mean is one of what has passed."""
    (trace,) = named(read(drawing("queue_size", "one")), "pin on ipfs")
    assert points(trace)[0][-1] == NOON - 100
