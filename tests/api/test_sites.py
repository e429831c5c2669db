"""For which pages a browser may ask."""

from __future__ import annotations

import pytest

from telemetryd.api.sites import refuse_other_sites

from .asking import asking

REFUSED = (403, "cross_origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "unheard-of"])
async def test_a_page_of_another_site_is_refused(site: str) -> None:
    """Reading too: a picture that nobody sees costs a chart. Another port of this computer is another site."""
    async with asking(refuse_other_sites) as ask:
        for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
            if method != "HEAD":
                assert await ask(method, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors") == REFUSED
        assert await ask("POST", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate") == REFUSED


async def test_a_link_may_be_followed() -> None:
    """A person goes there, and the other page reads nothing of it."""
    async with asking(refuse_other_sites) as ask:
        assert await ask("GET", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == (200, None)


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_this_site_may_ask_for_everything(site: str) -> None:
    """And so may a person who typed the address."""
    async with asking(refuse_other_sites) as ask:
        for method in ("GET", "POST", "DELETE"):
            assert await ask(method, Sec_Fetch_Site=site, Origin="http://elsewhere.example") == (200, None)


async def test_an_old_browser_says_its_origin() -> None:
    """Where it sends a change; programs that are no browser say nothing."""
    async with asking(refuse_other_sites) as ask:
        for origin in ("http://evil.example", "null", "file://", ask.url + "0"):
            assert await ask("POST", Origin=origin) == REFUSED
            assert await ask("DELETE", Origin=origin) == REFUSED
        assert await ask("POST", Origin=ask.url) == (200, None)
        assert await ask("POST") == (200, None)
