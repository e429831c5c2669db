"""Every route of a real daemon, asked by schemathesis what the document allows and what it does not.

``SCHEMATHESIS_EFFORT=20 .venv/bin/pytest -s tests/end_to_end/test_schemathesis.py`` asks twenty times as
much and prints what was answered; docs/api.md has what came of it.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.openapi import check, document
from tests.oracle.events import health, life, start

from .daemon import Daemon
from .waiting import PATIENCE, until

EFFORT = int(os.environ.get("SCHEMATHESIS_EFFORT", "1"))
# What a browser draws is dear: fewer of these, and not every bound of every parameter.
CHART = "GET /api/v0/wal/telemetry/visualization/{metric_type}"
REPORT = "POST /api/v0/wal/telemetry/report"
REMOVAL = "DELETE /api/v0/wal/telemetry/reports/{report_id}"
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "max-stream-events": 1,
        "generation": {"deterministic": True, "database": "none", "max-examples": 15 * EFFORT},
        "operations": [
            {
                "include-name": name,
                "generation": {"max-examples": 5 * EFFORT},
                "phases": {"coverage": {"enabled": EFFORT > 1}},
            }
            for name in (CHART, REPORT)
        ],
    }
)
# What a schema cannot say: how parameters must fit one another, that 7.0 is no 7, which characters print.
TOGETHER = re.compile(
    r"(start_time: expected a time at or before end_time|end_time: expected Unix seconds from [1-9]"
    r"|start_time: expected a time that has come|interval: expected a multiple of the sampling interval"
    r"|\w+: expected a whole number .* found [0-9]+\.0$"
    r"|metrics_path: expected the path of a folder"
    r"|sort: expected one that fits status=|(start|end)_time: expected to be given once)"
)

pytestmark = pytest.mark.timeout(120 * EFFORT)
api = schemathesis.openapi.from_dict(document(), config=CONFIG)
answers: Counter[tuple[str, str, int]] = Counter()


@pytest.fixture(scope="module")
def node(new_shared_daemon: Callable[..., Daemon]) -> Iterator[Daemon]:
    """A daemon with something to tell of. In the end each operation that was asked has done its job, and its log knows of no fault."""
    daemon = new_shared_daemon(TELEMETRYD_HTTP_CHARTS_PER_MINUTE=6000, TELEMETRYD_HTTP_REPORTS_PER_MINUTE=6000)
    daemon.start()
    now = time.time()
    lives = [life(f"op-{n}", now - 60 * n - 90, n, "completed" if n % 5 else "failed") for n in range(60)]
    with daemon.producer() as producer:
        producer.hello("wal")
        events = [health("ipfs", "online", now - 7200), *(event for each in lives for event in each)]
        producer.store(1, [*events, start("in flight", now - 5)])
    yield daemon
    for method, path, status in sorted(answers):
        print(f"{method} {path} {status} {answers[method, path, status]}")
    # Or else only how they refuse was looked at.
    asked = {(method, path) for method, path, _ in answers if method.lower() in document()["paths"][path]}
    assert asked == {(method, path) for method, path, status in answers if status == 200}
    assert not [line for line in daemon.log.splitlines() if '"level": "error"' in line]


@pytest.fixture(scope="module")
def report(node: Daemon) -> str:
    """The id of a report that it has made."""
    made: str = node.ask("POST", "report").json()["report_id"]
    until(lambda: node.ask("GET", f"reports/{made}/report.json").json()["status"] == "done", "the report to be made")
    return made


@api.parametrize()
def test_the_document_is_kept(case: Any, node: Daemon, report: str) -> None:
    """What it allows is done, what it does not is refused, and each answer is one of those it tells of: never a 500."""
    allowed = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    _aim(case, node, report)
    answer = case.call(base_url=node.url, timeout=PATIENCE)
    answers[case.method, case.operation.path, answer.status_code] += 1
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
    headers = CaseInsensitiveDict({name: values[0] for name, values in answer.headers.items()})
    check(case.method, urlsplit(answer.request.url).path, answer.status_code, headers, answer.content)
    if allowed and answer.status_code == 400:
        assert TOGETHER.match(answer.json()["error"]), answer.text
    if answer.status_code == 200 and case.operation.label == REPORT:
        # Or else the next ones wait until it is made.
        assert node.ask("DELETE", f"reports/{answer.json()['report_id']}").status_code == 200


def _aim(case: Any, node: Daemon, report: str) -> None:
    """Let a request find what there is, and touch nothing that is not the test's own."""
    if case.path_parameters.get("report_id") and case.method == "GET":
        case.path_parameters["report_id"] = report
    elif (
        case.operation.label == REMOVAL and case.method == "DELETE" and not answers["DELETE", case.operation.path, 200]
    ):
        case.path_parameters["report_id"] = node.ask("POST", "report", json={"start_time": 0}).json()["report_id"]
    if isinstance(case.body, dict) and str(case.body.get("metrics_path")).startswith("/"):
        case.body["metrics_path"] = str(node.folder / "moved")
