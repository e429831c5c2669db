"""``/-/session``."""

from __future__ import annotations

from .conftest import Server


async def test_without_tokens_there_is_nothing_to_sign_in_to(server: Server) -> None:
    """Whoever asks is nobody, and may do everything; beginning and ending is no mistake, and sets no cookie."""
    found = await server.json("/-/session")
    assert (found["required"], found["name"], found["role"]) == (False, None, "admin")
    for method in ("POST", "DELETE"):
        await server.json("/-/session", method=method)
    async with server.client.post(f"{server.url}/-/session", headers={"Authorization": "Bearer x"}) as response:
        assert response.status == 200 and "Set-Cookie" not in response.headers
    await server.json("/-/session?token=x", 400)
