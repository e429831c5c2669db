"""``GET`` and ``POST /config``: the settings that the API shows and changes."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from .body import changes_of
from .envelope import answer, success
from .params import parameters
from .services import LiveConfiguration, Services

GET_OPERATION = "get_telemetry_config"
UPDATE_OPERATION = "update_telemetry_config"


def get_handler(services: Services) -> Handler:
    """Return the handler of ``GET /config``."""

    async def get_config(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        return answer(success(GET_OPERATION, services.now(), **_shown(services.settings)))

    return get_config


def update_handler(services: Services) -> Handler:
    """Return the handler of ``POST /config``: all of the body is applied and stored, or nothing."""

    async def update_config(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        changes = await changes_of(request)
        # A client that goes away must not leave a change stored and not applied.
        warnings = await asyncio.shield(services.settings.update(changes))
        content = _shown(services.settings)
        if warnings:
            content["warning"] = "; ".join(warnings)
        return answer(success(UPDATE_OPERATION, services.now(), **content))

    return update_config


def _shown(settings: LiveConfiguration) -> dict[str, Any]:
    shown: dict[str, Any] = {"config": settings.config()}
    if pending := settings.pending_restart():
        shown["pending_restart"] = pending
    return shown
