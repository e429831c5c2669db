"""What pages of other sites can do to a daemon on the computer of whoever looks at them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.daemon import Daemon

from .conftest import READER, bearer, tokens_in

PATHS = ("realtime", "config", "reports", "/", "/-/healthy", "/static/theme.js")


@pytest.fixture(scope="module")
def open_daemon(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon without tokens, as on a computer of one's own."""
    made = new_shared_daemon()
    made.start()
    return made


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::ffff:1.2.3.4]"])
def test_a_name_that_was_bound_to_this_computer_reads_and_changes_nothing(open_daemon: Daemon, host: str) -> None:
    """DNS rebinding: to the browser it is the page's own site, so only the name tells."""
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    for path in PATHS:
        answer = open_daemon.ask("GET", path, headers=headers)
        assert (answer.status_code, answer.json()["error_type"]) == (421, "unknown_host")
    assert open_daemon.ask("POST", "config", headers=headers, json={"enabled": False}).status_code == 421
    assert open_daemon.get("config")["config"]["enabled"] is True


def test_a_form_of_another_site_changes_nothing(open_daemon: Daemon) -> None:
    """Cross-site request forgery: also from another port of this computer, and from a browser that says its origin only."""
    before = open_daemon.get("reports")["reports"]
    form = {"data": "enabled=false", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    for more in (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
    ):
        for method, path in (("POST", "config"), ("POST", "report"), ("DELETE", "reports/report_1_00001")):
            answer = open_daemon.ask(method, path, data=form["data"], headers={**form["headers"], **more})
            assert (answer.status_code, answer.json()["error_type"]) == (403, "cross_origin")
    assert open_daemon.get("config")["config"]["enabled"] is True
    assert [each["report_id"] for each in open_daemon.get("reports")["reports"]] == [
        each["report_id"] for each in before
    ]


def test_another_site_reads_nothing(open_daemon: Daemon) -> None:
    """No header of CORS for anyone; a preflight is refused; what a page would embed is not sent at all."""
    origin = {"Origin": "https://evil.example"}
    for path in PATHS:
        answer = open_daemon.ask("GET", path, headers=origin)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    preflight = {**origin, "Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}
    assert open_daemon.ask("OPTIONS", "config", headers=preflight).status_code == 403
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert open_daemon.ask("GET", "visualization/throughput", headers=embedded).status_code == 403


def test_no_page_of_ours_is_framed_or_taken_for_something_else(open_daemon: Daemon) -> None:
    """Clickjacking and sniffing: every answer says so, a failure too."""
    for path in (*PATHS, "nowhere", "metrics?nonsense=1", "visualization/throughput?format=html"):
        headers = open_daemon.ask("GET", path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_no_inline_script_runs_in_a_page_of_ours(open_daemon: Daemon) -> None:
    """The dashboard and reports run files of ours; a chart its own scripts by their digests, and as no part of this site."""
    for path in ("/", "/static/theme.js"):
        policy = open_daemon.ask("GET", path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
    made = open_daemon.ask("POST", "report").json()
    page = open_daemon.ask("GET", f"reports/{made['report_id']}/report.html")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "connect-src" not in page.headers["Content-Security-Policy"]
    policy = open_daemon.ask("GET", "visualization/throughput?format=html").headers["Content-Security-Policy"]
    scripts = policy.partition("script-src ")[2].partition(";")[0].split()
    assert scripts and all(script.startswith("'sha256-") for script in scripts)
    assert "sandbox allow-scripts" in policy and "allow-same-origin" not in policy


def test_a_session_is_no_scripts_and_no_other_sites(new_daemon: Callable[..., Daemon]) -> None:
    """The browser keeps it from both, and it does not change what another site may ask for."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_TOKENS=tokens_in(daemon.folder))
    begun = daemon.ask("POST", "/-/session", headers=bearer(READER))
    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    assert daemon.ask("GET", "config", headers=sent).status_code == 200
    assert daemon.ask("GET", "config", headers={**sent, "Sec-Fetch-Site": "same-site"}).status_code == 403
    assert daemon.ask("POST", "config", headers=sent, json={}).status_code == 403
