"""The process that draws: ``python -m telemetryd.charts.worker FOLDER [BROWSER]``.

Reads orders on standard input and writes answers on standard output, as ``wire`` has them, until its
input ends; then it ends its browser, removes FOLDER, and is gone. With BROWSER, the first chart is an
image: the browser is started before anything else, since that takes longest.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from telemetryd.model.errors import ChartFailed, ChartTimeout, TelemetrydError

from .session import Session
from .wire import Answer, Draw, Drawn, Drop, Garbled, Order, Ready, failed, frame, read_order

if TYPE_CHECKING:
    from .drawing import Drawing
    from .images import Images

# The daemon comes first: when processors are scarce, and when memory is.
_NICE, _OUT_OF_MEMORY = 5, "500"
_LOOKS, _BETWEEN_LOOKS = 5, 0.01
# Longest time that imports wait for the browser to be under way.
_HEAD_START = 1.0
_IMAGES = ("png", "svg")


# What makes the figure of a drawing, as data and layout, for one form of chart.
FigureFor = Callable[["Drawing", str], dict[str, Any]]


def load() -> FigureFor:
    """Return what makes figures; importing it takes half a second."""
    from .figures import figure_of, picture_of

    return lambda drawing, form: picture_of(drawing) if form in _IMAGES else figure_of(drawing).to_dict()


def main(arguments: Sequence[str], load: Callable[[], FigureFor] = load) -> None:
    """Draw until standard input ends, then leave nothing behind."""
    folder, browser = Path(arguments[0]), (arguments[1] if len(arguments) > 1 else "")
    orders, answers = _streams()
    _stand_back()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    worker = Worker(folder, answers.say, load)
    worker.start(browser)
    with suppress(EOFError, Garbled):
        while True:
            worker.take(read_order(orders))
    worker.end()
    session = Session(os.getpid())
    for _ in range(_LOOKS):
        # One that was just being started may come after the rest have gone.
        session.kill(spare=os.getpid())
        time.sleep(_BETWEEN_LOOKS)
    shutil.rmtree(folder, ignore_errors=True)
    # Not by way of `exit`, which would wait for what is still under way.
    os._exit(0)


class Worker:
    """Takes orders by any thread, makes figures in one of its own, and images of them in another."""

    def __init__(self, folder: Path, answer: Callable[[Answer], None], load: Callable[[], FigureFor]) -> None:
        self._folder = folder
        self._answer = answer
        self._load = load
        self._figures = ThreadPoolExecutor(1, "figures")
        self._images = ThreadPoolExecutor(1, "images")
        self._under_way: set[int] = set()
        self._dropped: set[int] = set()
        self._drawer: Images | None = None

    def start(self, browser: str) -> None:
        """Begin with what takes long."""
        begun = self._images.submit(self._prepare, browser) if browser else None
        self._loaded = self._figures.submit(self._import, begun)

    def take(self, order: Order) -> None:
        """Begin what is ordered, and return at once."""
        if isinstance(order, Drop):
            self._dropped |= {order.number} & self._under_way
            return
        self._under_way.add(order.number)
        deadline = time.monotonic() + order.seconds
        self._then(order, self._figures.submit(self._draw, order, deadline))

    def end(self) -> None:
        """End the browser."""
        if self._drawer is not None:
            self._drawer.end()

    def _then(self, order: Draw, work: Future[bytes | None]) -> None:
        work.add_done_callback(lambda done: self._settle(order, done))

    def _settle(self, order: Draw, done: Future[bytes | None]) -> None:
        """Answer an order, unless what it is about goes on elsewhere."""
        error = done.exception()
        answer: Answer | None = None
        if isinstance(error, TelemetrydError):
            answer = failed(order.number, error)
        elif error is not None:
            # A fault of ours, or of a library: it concerns this chart alone, and the log.
            traceback.print_exception(error)
            answer = failed(order.number, ChartFailed(f"the chart was not drawn: {type(error).__name__}: {error}"))
        elif (data := done.result()) is not None:
            answer = Drawn(order.number, data)
        if answer is not None:
            self._under_way.discard(order.number)
            self._dropped.discard(order.number)
            self._answer(answer)

    def _draw(self, order: Draw, deadline: float) -> bytes | None:
        """Return the chart's bytes, or None where an image is still to be made of the figure."""
        from .drawing import Drawing

        figure_for = self._loaded.result()
        self._check(order, deadline)
        drawing = msgspec.msgpack.decode(order.drawing, type=Drawing)
        figure = figure_for(drawing, order.form)
        data, layout = _json(figure["data"]), _json(figure["layout"])
        if order.form in _IMAGES:
            self._then(order, self._images.submit(self._image, order, deadline, drawing, data, layout))
            return None
        whole = b'{"data":%b,"layout":%b}' % (data, layout)
        if order.form == "json":
            return whole
        from .page import standalone

        return standalone(whole, _title(figure["layout"], drawing), drawing.look.theme if drawing.look.fixed else "")

    def _image(self, order: Draw, deadline: float, drawing: Drawing, data: bytes, layout: bytes) -> bytes:
        import orjson

        self._check(order, deadline)
        figure = {"data": orjson.Fragment(data), "layout": orjson.Fragment(layout)}
        look = drawing.look
        return self._drawing().draw(figure, order.form, look.width, look.height, order.browser, deadline)

    def _check(self, order: Draw, deadline: float) -> None:
        if order.number in self._dropped:
            raise ChartFailed("nobody waits for this chart any more")
        if time.monotonic() > deadline:
            raise ChartTimeout("the chart's time was over before it was begun")

    def _prepare(self, browser: str) -> None:
        self._drawing().prepare(browser)

    def _drawing(self) -> Images:
        if self._drawer is None:
            from .images import Images

            self._drawer = Images(self._folder, self._answer, sandbox=os.geteuid() != 0)
        return self._drawer

    def _import(self, begun: Future[None] | None) -> FigureFor:
        if begun is not None:
            with suppress(TimeoutError):
                begun.exception(_HEAD_START)
        figure_for = self._load()
        self._answer(Ready())
        return figure_for


class _Answers:
    """Standard output, for one thread at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, answer: Answer) -> None:
        """Write an answer; where nobody reads any more, the end of the orders says so too."""
        data = frame(answer)
        with self._lock, suppress(OSError):
            self._stream.write(data)
            self._stream.flush()


def _streams() -> tuple[BinaryIO, _Answers]:
    """Take standard input and output for the wire alone: no child has them, and nothing printed gets on it."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return orders, _Answers(answers)


def _stand_back() -> None:
    """Let the daemon have the processor first, and let the kernel take this process first for want of memory."""
    # A service that draws may not be allowed to, and has been made nice by its unit.
    with suppress(OSError):
        os.nice(_NICE)
    # Where each session has a share of its own of the processor, being nice counts only within it.
    for path, value in (("autogroup", str(_NICE)), ("oom_score_adj", _OUT_OF_MEMORY)):
        with suppress(OSError):
            Path("/proc/self", path).write_text(value)
    # A daemon that is told to stop ends us in its own time; systemd and Ctrl-C tell us at the same moment.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, stack: None)
    warnings.simplefilter("ignore")


def _json(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)


def _plain(value: Any) -> Any:
    """Return what orjson can encode of an array of objects, a series, or a number of numpy's."""
    return value.tolist()


def _title(layout: dict[str, Any], drawing: Drawing) -> str:
    """Return what the figure calls itself, in plain text."""
    meta = layout.get("meta") or {}
    return str(meta.get("title") or drawing.metric_type)


if __name__ == "__main__":
    main(sys.argv[1:])
