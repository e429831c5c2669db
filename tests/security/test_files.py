"""Files of the daemon's computer, and how somebody would get at others than those meant for them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.daemon import API, Daemon
from tests.end_to_end.waiting import until

NAMES = [
    "..",
    "../report.json",
    "../../settings.json",
    "..%2f..%2fmetrics%2fsettings.json",
    "..%252f..%252fmetrics%252fsettings.json",
    "%2e%2e/%2e%2e/metrics/settings.json",
    "%2e%2e%5c..%5csettings.json",
    "..\\..\\settings.json",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "report.html/..%2f..%2f..%2fetc%2fpasswd",
    "report.html%00.csv",
    "%00",
    "..%c0%af..%c0%afetc%c0%afpasswd",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8fpasswd",
    "%e2%80%a4%e2%80%a4%e2%88%95passwd",
    "report%ef%bc%8ehtml",
    "REPORT.HTML",
    "report.html.tmp",
    ".lock",
    "linked",
    "secret",
    "report.html ",
    "a" * 5000,
]


@pytest.fixture(scope="module")
def made(new_shared_daemon: Callable[..., Daemon]) -> tuple[Daemon, str]:
    """A daemon, and the id of a report in whose folder lie a link and a secret."""
    daemon = new_shared_daemon()
    daemon.start()
    report = daemon.ask("POST", "report").json()
    until(lambda: daemon.get("reports")["reports"][0]["status"] == "done", "the report to be done")
    (daemon.metrics_path / "settings.json").write_text("secret")
    folder = Path(report["report_path"])
    (folder / "secret").write_text("secret")
    (folder / "linked").symlink_to("/etc/passwd")
    (folder.parent / "report_1_00001").symlink_to("/etc")
    return daemon, report["report_id"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_no_name_leads_out_of_a_report(made: tuple[Daemon, str], name: str) -> None:
    """Only what the report itself lists is a file; no path is ever made of what somebody sends."""
    daemon, report_id = made
    for path in (f"{API}/reports/{report_id}/{name}", f"{API}/reports/{name}/report.html", f"/static/{name}"):
        status, body = _asked(daemon, path)
        assert status in (400, 404), (path, body[:200])
        assert b"root:" not in body and b"secret" not in body.replace(name.encode(), b"")
        assert json.loads(body)["success"] is False


def test_a_link_in_the_reports_folder_is_not_followed(made: tuple[Daemon, str]) -> None:
    """Neither one with the name of a file that is listed nor one with the name of a report."""
    daemon, report_id = made
    page = Path(daemon.get("reports")["reports"][0]["report_path"]) / "data.csv"
    page.unlink()
    page.symlink_to("/etc/passwd")
    for path in (f"{API}/reports/{report_id}/data.csv", f"{API}/reports/report_1_00001/passwd"):
        status, body = _asked(daemon, path)
        assert status == 404 and b"root:" not in body
    assert _asked(daemon, f"{API}/reports/{report_id}/report.html")[0] == 200


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2fmetrics", "report_1_00001", "%2fetc", "."])
def test_nothing_but_a_report_is_removed(made: tuple[Daemon, str], name: str) -> None:
    """What a name may also lead to stays."""
    daemon, report_id = made
    status, _ = _asked(daemon, f"{API}/reports/{name}", "DELETE")
    assert status in (404, 405)
    assert (daemon.metrics_path / "settings.json").exists()
    assert daemon.ask("GET", f"reports/{report_id}/report.html").status_code == 200
    assert Path("/etc/passwd").exists()


def _asked(daemon: Daemon, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask for a path as it is written: other clients tidy it."""
    url = urlsplit(daemon.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
    connection.putrequest(method, path.replace(" ", "%20"), skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body
