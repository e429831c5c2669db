"""The wiring: the only module that knows everyone.

Parts enter one exit stack in the order in which they depend on one another, so they leave in
the only safe order: intake first, storage last. Tests use :func:`running`, as ``serve`` does.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from telemetryd import __version__, log, systemd
from telemetryd.api.app import application
from telemetryd.api.gate import Gate
from telemetryd.api.server import serving_as_set
from telemetryd.api.services import Services
from telemetryd.api.tls import Certificates
from telemetryd.charts.cache import ChartCache
from telemetryd.charts.gallery import Gallery
from telemetryd.charts.render import Renderer
from telemetryd.config import Configuration
from telemetryd.config_live import LiveConfiguration
from telemetryd.ingest.allowed import AllowedPeers
from telemetryd.ingest.ledger import Ledger
from telemetryd.ingest.listener import Listener, listening, refusing
from telemetryd.ingest.recorder import Recorder
from telemetryd.ingest.recovery import recover, seed_window
from telemetryd.ingest.segments import Recovery
from telemetryd.ingest.socket_file import Openness
from telemetryd.ingest.upkeep import Upkeep
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.access_events import PeerRefused
from telemetryd.instrumentation.config_events import Configured, SettingsDamaged
from telemetryd.instrumentation.counters import VERDICTS
from telemetryd.instrumentation.events import (
    ConnectionCut,
    ConnectionRefused,
    Draining,
    Quarantined,
    RequestFailed,
    Serving,
    StartFailed,
    Stopped,
)
from telemetryd.lag import watch_lag
from telemetryd.live.realtime import realtime
from telemetryd.model.errors import StorageError, TelemetrydError
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import TimeRange
from telemetryd.picture import hours_held, snapshot
from telemetryd.query.engine import QueryEngine
from telemetryd.query.fingerprint import fingerprint, settled
from telemetryd.query.reader import Reader
from telemetryd.reload import Prepare, Reload
from telemetryd.reports.jobs import Reports
from telemetryd.scrapes import Scrapes
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.records import Checkpoint
from telemetryd.supervisor import eternal
from telemetryd.vigil import Vigil

# A garbage collection looks at every operation in flight: rarely is often enough, for nothing
# here makes cycles by the thousand.
GC_THRESHOLDS = (100_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that is ready: where it listens. ``url`` is ``unix:/path`` for a Unix socket."""

    url: str
    socket: Path | None
    services: Services


@asynccontextmanager
async def running(
    configuration: Configuration,
    *,
    files: Files | None = None,
    clock: Callable[[], float] = time.time,
    environment: dict[str, str] | None = None,
    on_fault: Callable[[str], None] = lambda name: None,
    hangups: asyncio.Event | None = None,
    parties: Iterable[Prepare] = (),
    instrumentation: Instrumentation | None = None,
) -> AsyncIterator[Running]:
    """Run the daemon inside the context; on leaving it drains and seals.

    Raises :class:`TelemetrydError` where it cannot start. ``files`` is the disk, the real one where
    none is given; ``on_fault(name)`` is called where a part that should run for ever ends; the settings
    are read again whenever ``hangups`` is set, and ``parties`` take part in that. Into ``instrumentation``
    goes all that the daemon says of itself, its own where none is given.
    """
    environment = dict(os.environ) if environment is None else environment
    instrumentation = Instrumentation() if instrumentation is None else instrumentation
    live = LiveConfiguration(configuration, instrumentation)
    settings = live.settings
    # What can only be a mistake of the settings is known before anything is touched.
    gate, certificates, peers = (
        Gate(settings(), instrumentation.emit),
        Certificates(settings(), emit=instrumentation.emit),
        AllowedPeers(settings()),
    )
    for_events, for_requests = Openness.of_ingest(settings()), Openness.of_api(settings())
    async with AsyncExitStack() as parts:
        files = Files() if files is None else files
        folder = parts.enter_context(Folder(files, settings().telemetry.metrics_path).locked())
        if configuration.damaged:
            instrumentation.emit(SettingsDamaged(str(configuration.stored_path)))
        ledger = Ledger(settings(), instrumentation)
        vigil = Vigil(environment, instrumentation, lambda: (ledger.sequence, *instrumentation.counts.values()))
        parts.callback(vigil.close)
        reload = Reload(live, instrumentation, clock, hangups, vigil.reloading)
        reload.parties += [*parties, gate.prepare, certificates.prepare, peers.prepare]
        await parts.enter_async_context(eternal("vigil", vigil.run(), instrumentation, on_fault))
        try:
            catalog, recovery = await asyncio.to_thread(
                _recover, files, folder, ledger, settings(), instrumentation, clock()
            )
        except OSError as error:
            raise StorageError(f"{folder.path}: expected a store that can be read, found: {error}") from None
        recorder = Recorder(
            ledger,
            settings,
            partial(_create_segment, files, folder),
            instrumentation,
            clock,
        )
        await recorder.open(recovery)
        listener = Listener(recorder, settings, instrumentation, clock, peers)
        live.changed, peers.changed = listener.tell_settings, listener.look_again
        upkeep = Upkeep(recorder, catalog, files, folder, settings, instrumentation, clock, live.may_remove)
        await parts.enter_async_context(eternal("upkeep", upkeep.run(), instrumentation, on_fault, upkeep.stop))
        parts.callback(listener.close)
        await parts.enter_async_context(eternal("recorder", recorder.run(), instrumentation, on_fault, recorder.drain))
        lag = watch_lag(partial(instrumentation.took, "lag"))
        await parts.enter_async_context(eternal("lag", lag, instrumentation, on_fault))
        reader, pictures = Reader(files, catalog.carry), partial(snapshot, recorder, catalog, settings, clock)
        took = partial(instrumentation.took, "query")
        engine = QueryEngine(pictures, settings, reader, upkeep.set_aside, took=took)
        parts.callback(engine.close)
        starting = ["the daemon is starting"]
        charts = os.path.join(folder.path, "charts")
        renderer = await parts.enter_async_context(Renderer(settings, charts, instrumentation))
        cache = ChartCache(os.path.join(charts, "cache"), lambda: settings().charts.cache_size << 20)
        unchanged = partial(_fingerprint, recorder, catalog, clock)
        reports_path = settings().telemetry.reports_path
        reports = Reports(
            engine, renderer.draw, reports_path, settings, instrumentation, clock, unchanged, live.may_remove
        )
        await asyncio.to_thread(reports.open)
        await parts.enter_async_context(eternal("reports", reports.run(), instrumentation, on_fault, reports.stop))

        def problems() -> list[str]:
            return [problem for problem in (*starting, recorder.problem, upkeep.problem, vigil.problem) if problem]

        scrapes = Scrapes(
            recorder, listener, catalog, files, folder, instrumentation, clock, problems, lambda: reload.last
        )
        services = Services(
            query=engine,
            settled=lambda span: settled(catalog.view(), catalog.days(), hours_held(recorder), clock(), span),
            charts=Gallery(engine, renderer, cache, unchanged),
            reports=reports,
            realtime=lambda window: realtime(ledger.tracker, ledger.window, clock(), window),
            settings=live,
            ready=problems,
            scrape=scrapes.scrape,
            books=lambda: {
                **instrumentation.balance(),
                "dropped_by_producers": ledger.producers.dropped,
                "folded_series": ledger.tracker.series.folded,
                "connections_refused": instrumentation.counts[ConnectionRefused.__name__],
                "peers_refused": instrumentation.counts[PeerRefused.__name__],
                "connections_cut": instrumentation.counts[ConnectionCut.__name__],
            },
            browser=renderer.browser,
            max_streams=settings().http.max_streams,
            version=__version__,
            unexpected=lambda operation, error: instrumentation.emit(
                RequestFailed(operation, "".join(traceback.format_exception(error)))
            ),
            now=clock,
            gate=gate,
        )
        inherited = systemd.inherited_sockets(environment)
        app, tls = application(services), certificates.context
        served = serving_as_set(app, settings().http, tls, for_requests, clock, instrumentation.emit, inherited.http)
        url = await parts.enter_async_context(served)
        gate.listens(url, settings().http)
        socket = None
        if settings().telemetry.operation_hooks:
            socket = Path(settings().ingest.socket if inherited.ingest is None else systemd.name_of(inherited.ingest))
            await parts.enter_async_context(listening(listener, socket, inherited.ingest, for_events))
        elif inherited.ingest is not None:
            await parts.enter_async_context(refusing(inherited.ingest, instrumentation))
        await parts.enter_async_context(eternal("reload", reload.run(), instrumentation, on_fault, reload.stop))
        instrumentation.emit(Configured(live.digest(), configuration.file))
        path = settings().telemetry.metrics_path
        instrumentation.emit(Serving(url, None if socket is None else str(socket), path, recovery.rows))
        starting.clear()
        vigil.ready(lambda: recorder.pace.signs, lambda: _status(url, socket, instrumentation, listener))
        try:
            yield Running(url, socket, services)
        finally:
            vigil.stopping()
    instrumentation.emit(Stopped(*(instrumentation.books[word] for word in ("received", *VERDICTS))))


def main(configuration: Configuration, files: Files | None = None, clock: Callable[[], float] = time.time) -> int:
    """Run the daemon until SIGTERM or SIGINT, with arguments as :func:`running`; return 0 after a clean drain, 1 after a fault."""
    instrumentation = Instrumentation()
    lines = log.configure(configuration.settings.log, instrumentation=instrumentation)
    run = partial(running, configuration, files=files, clock=clock, parties=(lines.prepare,))
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        return asyncio.run(_until_signalled(partial(run, instrumentation=instrumentation), instrumentation))
    except TelemetrydError as error:
        instrumentation.emit(StartFailed(str(error)))
        return 1
    finally:
        lines.close()


async def _until_signalled(
    run: Callable[..., AbstractAsyncContextManager[Running]], instrumentation: Instrumentation
) -> int:
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    faults: list[str] = []

    def end(reason: str) -> None:
        if not ended.done():
            ended.set_result(reason)

    def on_fault(name: str) -> None:
        faults.append(name)
        end(f"fault in {name}")

    hangups = asyncio.Event()
    terminal = os.isatty(log.STANDARD_ERROR)

    def on_hangup() -> None:
        if terminal and not os.isatty(log.STANDARD_ERROR):
            end("SIGHUP: the terminal is gone")
        else:
            hangups.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end, number.name)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    async with run(on_fault=on_fault, hangups=hangups):
        reason = await ended
        instrumentation.emit(Draining(reason))
    return 1 if faults else 0


def _status(url: str, socket: Path | None, instrumentation: Instrumentation, listener: Listener) -> str:
    intake = "no events are taken" if socket is None else f"events by {socket}, {listener.connections} connections"
    return f"API at {url}; {intake}; {instrumentation.books['stored']} events stored"


def _recover(
    files: Files, folder: Folder, ledger: Ledger, settings: Settings, instrumentation: Instrumentation, now: float
) -> tuple[Catalog, Recovery]:
    inventory = take_inventory(files, folder)
    for path, reason in inventory.set_aside:
        instrumentation.emit(Quarantined(path, reason))
    # What is sealed while it is replayed has been in the window by then.
    sealed = inventory.catalog.view()
    recovery = recover(files, folder, inventory, ledger, settings, instrumentation)
    for error in seed_window(files, sealed, ledger, now):
        inventory.catalog.replace(error.part.hour, (error.part,), ())
        folder.quarantine(error.part.path)
        instrumentation.emit(Quarantined(error.part.path, str(error)))
    return inventory.catalog, recovery


def _create_segment(
    files: Files, folder: Folder, first_sequence: int, detailed: bool, state: bytes, books: dict[str, int]
) -> ActiveSegment:
    return ActiveSegment.create(files, folder, Checkpoint(first_sequence, detailed, state, books))


def _fingerprint(recorder: Recorder, catalog: Catalog, clock: Callable[[], float], span: TimeRange) -> str | None:
    return fingerprint(catalog.view(), catalog.days(), hours_held(recorder), clock(), span)
