"""The action server: Rasa's webhook protocol over FastAPI, on loopback, behind a shared secret.

An action that raises answers 500: the bot then throws its turn away and the caller tries it again, so nothing is half
done. A form that rejects its turn is Rasa's own protocol: 400 with the action's name.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.case import use
from actions.registry import ACTIONS
from casework import agency
from casework.logs import configure, where
from casework.settings import Settings, get_settings
from casework.storage import Database

log = structlog.get_logger(__name__)
_LARGEST = 8 * 1024 * 1024  # a tracker with a long history is about 1 MB


def make_executor() -> ActionExecutor:
    """Rasa's executor with all of our actions."""
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action())
    return executor


async def _body(request: Request) -> Any:
    raw = await request.body()
    if request.headers.get("content-encoding") == "deflate":
        raw = zlib.decompressobj().decompress(raw, _LARGEST)
    return json.loads(raw)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Its database is opened at start and closed at the end."""
    settings = settings or get_settings()
    secret = settings.secret("actions")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure(settings.log_level)
        assert settings.database_url, "DATABASE_URL is not set; `guidepost up` sets it"
        app.state.database = Database(settings.database_url)
        use(app.state.database)
        said = asyncio.create_task(agency.keep_current(app.state.database, settings), name="agency")
        yield
        said.cancel()
        await app.state.database.close()

    app = FastAPI(title="Guidepost actions", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    executor = make_executor()

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        await app.state.database.ping()
        return {"status": "ok"}

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
            return JSONResponse({"error": "not allowed"}, 401)
        call = await _body(request)
        name = str(call.get("next_action"))
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as rejection:
            return JSONResponse({"error": "rejected", "action_name": rejection.action_name}, 400)
        except ActionNotFoundException as missing:
            return JSONResponse({"error": "no such action", "action_name": missing.action_name}, 404)
        except Exception as error:  # noqa: BLE001 - whatever it is, the turn is thrown away and tried again
            log.error("action_failed", action=name, **where(error))
            return JSONResponse({"error": "the action failed", "action_name": name}, 500)
        return JSONResponse(result.model_dump() if result else {})

    return app
