"""A real Prometheus scrapes a real daemon, and answers what dashboards ask."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from telemetryd import hooks
from tests.exposition.counting import families, samples
from tests.oracle.events import change, health, life, start
from tests.prometheus import PROMETHEUS, PROMTOOL

from .daemon import Daemon
from .waiting import PATIENCE, until

# Words that a producer may choose: quotes, escapes, control characters, a zero byte, other scripts.
ODD = 'o"dd\\w\nö\r\t\0\x1b{}%s名'
# What the two dashboards of ipfs_kit_py ask for, as they have it; where one has a variable, everything is chosen.
EXAMPLE_DASHBOARD = (
    'wal_operation_latency_seconds{operation_type=~".+", backend=~".+"}',
    'wal_operation_success_rate{operation_type=~".+", backend=~".+"}',
    'wal_operations_per_minute{operation_type=~".+", backend=~".+"}',
    'wal_backend_health{backend=~".+"}',
    'wal_queue_size{status=~".+"}',
    'wal_operation_error_rate{operation_type=~".+", backend=~".+"}',
    'wal_backend_response_time_seconds{backend=~".+"}',
    'sum by(status) (wal_operations_by_status{operation_type=~".+", backend=~".+"})',
)
DOCUMENTED_DASHBOARD = (
    'wal_operation_latency_seconds{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operation_latency_seconds_p95{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operation_latency_seconds_median{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operation_success_rate{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operation_error_rate{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operation_throughput{operation_type=~"$operation_type", backend=~"$backend"}',
    'wal_operations_count{operation_type=~"$operation_type", backend=~"$backend", status=~"$status"}',
    'sum by(operation_type, backend) (wal_operations_total{operation_type=~"$operation_type", backend=~"$backend"})',
)
# Where the second one gets the values of its variables.
VARIABLES = (
    ("operation_type", "wal_operation_latency_seconds"),
    ("backend", "wal_operation_latency_seconds"),
    ("status", "wal_operations_count"),
)
TOKEN = "of-a-reader-and-long-enough"
# Asked for by neither, and exported by ipfs_kit_py beside them.
EXPORTED = ("wal_operation_latency_seconds_min", "wal_operation_latency_seconds_max")


class Prometheus:
    """A Prometheus that scrapes daemons again and again, by their jobs, below a folder, on the loopback.

    What it is asked for is as of a scrape of the job ``telemetryd``: a later one may come too late, on a machine
    that is busy, and would take all back.
    """

    def __init__(self, folder: Path, **jobs: dict[str, Any]) -> None:
        self.folder = folder
        self.address = ""
        self._at: float | None = None
        self._log = folder / "prometheus.log"
        scrapes = [{"job_name": name, "scrape_interval": "1s", **job} for name, job in jobs.items()]
        # JSON is YAML.
        self.configuration = folder / "prometheus.yml"
        self.configuration.write_text(json.dumps({"scrape_configs": scrapes}))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it has scraped."""
        command = [
            PROMETHEUS,
            f"--config.file={self.configuration}",
            f"--storage.tsdb.path={self.folder / 'tsdb'}",
            "--web.listen-address=127.0.0.1:0",
            "--enable-feature=exemplar-storage",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        until(self._has_scraped, f"a scrape; {self._log} says why")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def get(self, path: str, **params: object) -> Any:
        """Return the data of an answer of its API."""
        answer = requests.get(f"http://{self.address}/api/v1/{path}", params=params, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression gives as of the scrape: samples with their labels."""
        return list(self.get("query", query=expression, time=self._at)["result"])

    def values(self, expression: str) -> list[float]:
        """Return the values that an expression gives as of the scrape."""
        return [float(each["value"][1]) for each in self.query(expression)]

    def scraped_at(self, job: str) -> float | None:
        """Return the instant (Unix s) of a job's last scrape, if it went well."""
        found = self.get("query", query=f'timestamp(up{{job="{job}"}} == 1)')["result"]
        return float(found[0]["value"][1]) if found else None

    def _has_scraped(self) -> bool:
        if found := re.search(r'msg="Listening on" address=(\S+)', self._log.read_text()):
            self.address = found[1]
        try:
            # Until it is ready it answers with 503.
            ready = bool(self.address) and requests.get(f"http://{self.address}/-/ready", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False
        self._at = self.scraped_at("telemetryd") if ready else None
        return self._at is not None


@pytest.fixture(scope="module")
def scraped_daemon(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that a WAL's hooks have told of operations, some of them odd, and that refused a line."""
    daemon = new_shared_daemon()
    daemon.start()
    emitter = hooks.Emitter(socket=daemon.socket, producer="wal")
    for number in range(20):
        emitter.operation_start(f"op-{number}", "add" if number % 2 else "pin", "ipfs", size=10)
        emitter.status_change(f"op-{number}", "processing")
        emitter.status_change(f"op-{number}", "failed" if number % 10 == 9 else "completed")
    emitter.operation_start("running", "get", "s3")
    emitter.backend_health_change("ipfs", "online", "degraded")
    assert emitter.flush(PATIENCE)
    emitter.close(PATIENCE)
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("odd")
        producer.store(1, life("i{d} ö", now - 60, 40.0, operation_type=ODD, backend=ODD) + life("b" * 250, now - 9))
        producer.send(b"nonsense\n")
        producer.expect_error("not_json")
    return daemon


@pytest.fixture(scope="module")
def guarded(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that asks for a token."""
    daemon = new_shared_daemon()
    tokens = daemon.folder / "tokens"
    tokens.write_text(f"read prometheus {TOKEN}\n")
    tokens.chmod(0o600)
    daemon.start(TELEMETRYD_HTTP_TOKENS=tokens)
    return daemon


def job_of(daemon: Daemon) -> dict[str, Any]:
    """Return the scrape of a daemon as Prometheus is configured."""
    return {"static_configs": [{"targets": [daemon.url.removeprefix("http://")]}]}


@pytest.fixture(scope="module")
def prometheus(
    scraped_daemon: Daemon, guarded: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "token").write_text(TOKEN)
    # Of the second one no more is kept than its test asks for: all else is the first one's.
    kept = [{"source_labels": ["__name__"], "regex": "telemetryd_ready", "action": "keep"}]
    authorization = {"credentials_file": str(folder / "token")}
    made = Prometheus(
        folder,
        telemetryd=job_of(scraped_daemon),
        guarded={**job_of(guarded), "authorization": authorization, "metric_relabel_configs": kept},
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("expression", [*EXAMPLE_DASHBOARD, *DOCUMENTED_DASHBOARD, *EXPORTED])
def test_what_the_dashboards_ask_for_has_samples(prometheus: Prometheus, expression: str) -> None:
    """Every panel of both fills, its variables chosen as "All" chooses them."""
    for name, metric in VARIABLES:
        words = prometheus.get(f"label/{name}/values", **{"match[]": metric})
        assert words
        pattern = "(" + "|".join(re.sub(r"([][\\^$*+?.()|{}])", r"\\\1", word) for word in words) + ")"
        quoted = pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        expression = expression.replace(f"${name}", quoted)
    assert prometheus.query(expression)


def test_the_numbers_are_the_daemons(prometheus: Prometheus, scraped_daemon: Daemon) -> None:
    """As its own API tells them."""
    assert prometheus.values('wal_operations_total{operation_type="add",backend="ipfs",status="failed"}') == [2.0]
    assert prometheus.values("sum(wal_operations_total)") == [22.0]
    assert prometheus.values('wal_operations_started_total{operation_type="get"}') == [1.0]
    assert prometheus.values("wal_backend_health") == [0.5]
    assert prometheus.values('wal_queue_size{status="pending"}') == [1.0]
    assert prometheus.values('telemetryd_events_rejected_total{reason="not_json"}') == [1.0]
    latency = scraped_daemon.get("realtime")["latency"]["add:ipfs"]
    assert prometheus.values('wal_operation_latency_seconds_max{operation_type="add"}') == [latency["max"]]


def test_odd_words_are_labels_like_others(prometheus: Prometheus) -> None:
    """But for the zero byte, which is shown as its symbol."""
    (sample,) = prometheus.query("wal_operation_duration_seconds_sum > 10")
    shown = ODD.replace("\0", "\u2400")
    assert (sample["metric"]["operation_type"], sample["metric"]["backend"]) == (shown, shown)
    assert float(sample["value"][1]) == pytest.approx(40.0)


def test_quantiles_can_be_had_from_the_buckets(prometheus: Prometheus) -> None:
    """By the function that dashboards use."""
    expression = "histogram_quantile(0.5, sum by (le) (wal_operation_duration_seconds_bucket{backend!='ipfs'}))"
    (value,) = prometheus.values(expression)
    assert 30.0 <= value <= 60.0


def test_exemplars_lead_to_an_operation(prometheus: Prometheus, scraped_daemon: Daemon) -> None:
    """By the id that the daemon's own API knows; those that are too long are not shown."""
    found = prometheus.get(
        "query_exemplars", query="wal_operation_duration_seconds_bucket", start=time.time() - 3600, end=time.time() + 60
    )
    ids = {each["labels"]["operation_id"] for series in found for each in series["exemplars"]}
    assert "i{d} ö" in ids and len(ids) >= 3
    assert max(map(len, ids)) < 250
    for operation_id in ids:
        assert scraped_daemon.get("operation", operation_id=operation_id)["operation_id"] == operation_id


def test_every_family_arrives_with_its_type(prometheus: Prometheus, scraped_daemon: Daemon) -> None:
    """As the daemon declares it."""
    text = scraped_daemon.ask("GET", "/metrics", headers={"Accept": "application/openmetrics-text"}).content
    told = families(text, openmetrics=True)
    arrived = prometheus.get("targets/metadata", match_target='{job="telemetryd"}')
    assert {each["metric"]: (each["type"], each["help"]) for each in arrived} == {
        name: (family.type, family.documentation) for name, family in told.items()
    }


def test_promtool_has_nothing_to_say(scraped_daemon: Daemon) -> None:
    """Of a real daemon's answer."""
    text = scraped_daemon.ask("GET", "/metrics").content
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_scrape_may_show_a_token(prometheus: Prometheus, guarded: Daemon) -> None:
    """Where the daemon asks for one, that of a reader will do, and without any there is no answer."""
    assert guarded.ask("GET", "/metrics").status_code == 401
    at = until(lambda: prometheus.scraped_at("guarded"), "a scrape with the token")
    (ready,) = prometheus.get("query", query='telemetryd_ready{job="guarded"}', time=at)["result"]
    assert ready["value"][1] == "1"


def test_an_empty_daemon_can_be_scraped(daemon: Daemon) -> None:
    """It has no series, and tells of itself all the same."""
    for accept in ("*/*", "application/openmetrics-text"):
        answer = daemon.ask("GET", "/metrics", headers={"Accept": accept})
        assert answer.status_code == 200
        told = samples(families(answer.content, openmetrics=accept != "*/*"))
        assert told["telemetryd_ready", ()] == 1
        assert told["wal_queue_size", (("status", "pending"),)] == 0
        assert told["telemetryd_events_received_total", ()] == 0
        assert not [key for key in told if "operation_type" in dict(key[1])]


def test_totals_begin_at_zero_at_each_start(new_daemon: Callable[..., Daemon]) -> None:
    """As counters do; what is in flight is still known."""
    daemon = new_daemon()
    daemon.start()
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start("a", now - 2), start("b", now - 2), change("a", "completed", now - 1)])
        producer.store(2, [health("ipfs", "online", now)])
    key = (("backend", "ipfs"), ("operation_type", "add"))

    def told() -> tuple[float | None, float, float | None]:
        found = samples(families(daemon.ask("GET", "/metrics").content, openmetrics=False))
        queue = found["wal_queue_size", (("status", "pending"),)]
        return found.get(("wal_operations_started_total", key)), queue, found.get(("wal_operation_success_rate", key))

    assert told() == (2.0, 1.0, 1.0)
    daemon.restart()
    assert told() == (None, 1.0, 1.0)
    daemon.kill()
    daemon.start()
    assert told() == (None, 1.0, 1.0)


# A daemon in whose process a library keeps warning.
WITH_A_LIBRARY = """
import logging, sys, threading
from telemetryd.cli import main

def warn():
    while not ended.wait(0.05):
        logging.getLogger("library").warning("words")

ended = threading.Event()
threading.Thread(target=warn, daemon=True).start()
sys.exit(main())
"""


def test_what_libraries_say_is_counted_where_the_daemon_counts(new_daemon: Callable[..., Daemon]) -> None:
    """A warning that is in the log is in the scrape."""
    daemon = new_daemon()
    daemon.program = ("-c", WITH_A_LIBRARY)
    daemon.start()

    def counted() -> bool:
        text = requests.get(f"{daemon.url}/metrics", timeout=PATIENCE).text
        found = re.search(r'^telemetryd_internal_events_total\{event="LibrarySaid"\} (\d+)', text, re.MULTILINE)
        return bool(found and int(found[1]))

    until(counted, "the warnings to be counted")
    until(lambda: daemon.events("library said"), "the log to tell of them")
