"""The parts of the page that only compute, each by itself, where they run: in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telemetryd.charts import colours, quantities
from tests.end_to_end.daemon import Daemon

from .visit import Visit
from .wal import HOSTILE_BACKEND, HOSTILE_TYPE

Open = Callable[..., Visit]

QUANTITIES = (
    ("seconds(0.00042)", "420 µs"),
    ("seconds(0.0042)", "4.2 ms"),
    ("seconds(0.9996)", "1 s"),
    ("seconds(59.96)", "1 min"),
    ("seconds(125)", "2 min 5 s"),
    ("seconds(90061)", "1 d 1 h"),
    ("seconds(null)", "–"),
    ("percent(1)", "100 %"),
    ("percent(0.999999)", "over 99.999 %"),
    ("percent(0.9996)", "99.96 %"),
    ("percent(0.000001)", "under 0.001 %"),
    ("percent(0)", "0 %"),
    ("decimal(4.2)", "4.20"),
    ("decimal(12345.6)", "12,346"),
    ("bytes(999_600)", "1.00 MB"),
    ("stretch(300)", "5 minutes"),
    ("stretch(86400)", "1 day"),
    ("stretch(90)", "90 seconds"),
    ("roughly(3599)", "59 min"),
)


@pytest.fixture
def seen(node: Daemon, visit: Open) -> Visit:
    """A page that modules can be loaded in."""
    return visit(node.url + "/#settings")


def test_colours_are_those_of_the_charts(seen: Visit) -> None:
    """The same name has the same colour, whether Python or the page makes it; names that nobody knows included."""
    names = ["ipfs", "s3", "storacha", "filecoin", "local", "other", "unknown", "add", "get", "rm", "pinata", "x" * 64]
    names += [HOSTILE_TYPE, HOSTILE_BACKEND, "日本語" * 21, "é✓", "A", "a"]
    body = "return argument.map(name => [it.backendColour(name), it.seriesColour(name, 's3'), it.seriesColour('pin', name)])"
    wanted = [
        [colours.backend_colour(name), colours.series_colour(name, "s3"), colours.series_colour("pin", name)]
        for name in names
    ]
    assert seen.module("colours.js", body, names) == wanted
    words = ["pending", "processing", "retrying", "completed", "failed", "online", "degraded", "offline", "unknown"]
    found = seen.module(
        "colours.js", "return argument.map(word => [it.statusColour(word), it.healthColour(word)])", words
    )
    assert found == [[colours.status_colour(word), colours.health_colour(word)] for word in words]


def test_a_week_of_numbers_is_no_more_than_a_quarter_of_an_hour(seen: Visit) -> None:
    """The ring forgets the oldest, and takes new names only where a silent one has made room."""
    body = """
        const ring = new it.Recent(450, 64);
        for (let at = 0; at < 20000; at += 2) {
            ring.push(at, new Map(Array.from({ length: 100 }, (_, index) => [`s${index + Math.floor(at / 5000)}`, at])));
        }
        const numbers = ring.numbers('s40', 19990);
        return [ring.size, ring.names.length, ring.times().length, ring.times()[0], ring.last, numbers];
    """
    size, names, times, first, last, numbers = seen.module("recent.js", body)
    assert (size, names, times, first, last) == (450, 64, 450, 19100, 19998)
    assert numbers == [19990, 19992, 19994, 19996, 19998]


def test_what_was_missed_is_put_where_it_belongs(seen: Visit) -> None:
    """Older instants come before, and none beside one that was seen."""
    body = """
        const ring = new it.Recent(10, 4);
        ring.push(100, { a: 1 });
        ring.push(300, { a: 3, b: 1 });
        ring.complete([[40, { a: 0 }], [101, { a: 9 }], [200, { a: 2 }]]);
        return [ring.times(), ring.numbers('a')];
    """
    assert seen.module("recent.js", body) == [[40, 100, 200, 300], [0, 1, 2, 3]]


def test_the_stream_is_watched(seen: Visit) -> None:
    """Three intervals of silence are stale; it connects again, later each time; a hidden page lets go, and comes back."""
    body = """
        let now = 0;
        const sources = [];
        const source = url => {
            const made = Object.assign(new EventTarget(), { url, readyState: 1, close() { this.readyState = 2; } });
            sources.push(made);
            return made;
        };
        const stream = new it.Stream({ window: 300, source, now: () => now });
        const told = [];
        const tell = () => told.push(`${now / 1000} ${stream.state} ${sources.length}`);
        const say = () => sources.at(-1).dispatchEvent(new MessageEvent('realtime', { data: '{"timestamp": 1}' }));
        const pass = (seconds, hidden) => { for (let second = 0; second < seconds; second += 1) { now += 1000; stream.watch(hidden); } };
        stream.open(); tell();
        say(); tell();
        pass(6); tell();
        pass(1); tell();
        pass(2); tell();
        pass(60);
        const opened = sources.length;
        say(); tell();
        pass(5); say();
        pass(70, true); tell();
        stream.watch(false); tell();
        say(); tell();
        const closed = sources.slice(0, -1).every(each => each.readyState === 2);
        return [told.map(line => line.replace(/ \\d+$/, '')), opened, closed];
    """
    told, opened, closed = seen.module("stream.js", body)
    assert told[:5] == ["0 connecting", "0 live", "6 live", "7 stale", "9 stale"]
    assert told[5:] == ["69 live", "144 paused", "144 reconnecting", "144 live"]
    assert 4 <= opened <= 9
    assert closed


def test_quantities(seen: Visit) -> None:
    """A number has a unit, no more digits than it deserves, and is never rounded to what it is not."""
    calls = ", ".join(call for call, _ in QUANTITIES)
    body = f"const {{ bytes, decimal, percent, roughly, seconds, stretch }} = it; return [{calls}]"
    assert seen.module("quantities.js", body) == [text for _, text in QUANTITIES]


def test_numbers_are_worded_as_in_charts_and_reports(seen: Visit) -> None:
    """A share and a length of time have the same words wherever they are read."""
    lengths = [
        0,
        3e-10,
        4.2e-7,
        0.00042,
        0.0042,
        0.4234,
        0.99949,
        0.9996,
        1.2345,
        42,
        59.94,
        59.96,
        60,
        89.6,
        100,
        119.6,
    ]
    lengths += [3599.4, 3599.6, 7000, 86_369, 86_399, 90_061, 172_800, 266_400, 8_640_000]
    shares = [
        0,
        1e-9,
        4e-6,
        6e-6,
        0.00004,
        0.0004,
        0.005,
        0.0123,
        0.1234,
        0.5,
        0.666,
        0.9901,
        0.9945,
        0.9996,
        0.99999,
        1,
    ]
    body = "return [argument[0].map(it.seconds), argument[1].map(it.percent)]"
    found = seen.module("quantities.js", body, [lengths, shares])
    assert found == [[quantities.spell(each) for each in lengths], [quantities.share(each) for each in shares]]


def test_phases(seen: Visit) -> None:
    """From status to status; told twice, told after the end, never ended, expired."""
    body = """
        const at = (timestamp, status, event = 'status_change') => ({ timestamp, status, event });
        const short = timeline => it.phasesOf(timeline, 100).map(({ status, start, end, open }) => [status, start, end, open]);
        return [
            short([at(0, 'pending'), at(1, 'processing'), at(2, 'processing'), at(5, 'completed'), at(6, 'failed')]),
            short([at(0, 'pending'), at(1, 'processing')]),
            short([at(0, 'pending'), at(9, null, 'operation_expired')]),
            short([]),
        ];
    """
    ended, open_, expired, nothing = seen.module("timeline.js", body)
    assert ended == [["pending", 0, 1, False], ["processing", 1, 5, False], ["completed", 5, 5, False]]
    assert open_ == [["pending", 0, 1, False], ["processing", 1, 100, True]]
    assert expired == [["pending", 0, 9, False]]
    assert nothing == []


def test_names_of_series(seen: Visit) -> None:
    """A colon is part of the type, unless a backend that is known says otherwise."""
    body = "return [it.partsOf('add:ipfs'), it.partsOf('a:b:c'), it.partsOf('a:b:c', ['c', 'b']), it.partsOf('a:b:c', ['b:c'])]"
    found = seen.module("realtime.js", body)
    assert [(each["operationType"], each["backend"]) for each in found] == [
        ("add", "ipfs"),
        ("a", "b:c"),
        ("a:b", "c"),
        ("a", "b:c"),
    ]
