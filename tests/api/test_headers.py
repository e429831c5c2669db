"""What every answer tells a browser."""

from __future__ import annotations

from telemetryd.api.headers import PAGE_POLICY, PICTURE_POLICY, REPORT_POLICY, SAFE

from .conftest import PREFIX, Server


async def test_every_answer_has_them(server: Server) -> None:
    """Of every kind, also where there is no route, no method, no sense and no HTTP; none says what answers it."""
    paths = ("/", "/static/theme.js", "/-/ready", f"{PREFIX}/metrics", f"{PREFIX}/metrics?x=1", "/nowhere", "/%ff")
    for path in paths:
        async with server.client.get(server.url + path) as response:
            for name in SAFE:
                assert name in response.headers, path
            assert response.headers["Server"] == "telemetryd"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    for request in (b"nonsense\r\n\r\n", b"PUT / HTTP/1.0\r\n\r\n"):
        head = (await server.raw(request)).partition(b"\r\n\r\n")[0].decode()
        assert "Server: telemetryd" in head and "Content-Security-Policy: default-src 'none'" in head


async def test_no_answer_is_for_another_site(server: Server) -> None:
    """Not by any header of CORS, whoever asks and however; a preflight is refused."""
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for method, path in (("GET", "realtime"), ("OPTIONS", "config"), ("OPTIONS", "metrics"), ("POST", "config")):
        async with server.client.request(method, f"{server.url}{PREFIX}/{path}", headers=asked) as response:
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert (response.status == 200) == (method == "GET"), (method, path)


def test_no_policy_lets_a_script_stand_in_a_page() -> None:
    """Scripts are files of ours; nothing comes from elsewhere, and nobody frames a page."""
    for policy in (PAGE_POLICY, REPORT_POLICY, PICTURE_POLICY, SAFE["Content-Security-Policy"]):
        directives = dict(directive.strip().partition(" ")[::2] for directive in policy.split(";"))
        assert directives["default-src"] == "'none'"
        assert directives["frame-ancestors"] == "'none'"
        assert directives.get("script-src", "'self'") == "'self'"
        assert "http" not in policy and "*" not in policy and "unsafe-eval" not in policy
