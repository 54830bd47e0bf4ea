"""The public web application: SMS webhooks, web chat, the console, health; in demo mode the demo page too."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.exc import DataError

from casework import agency
from casework.conversations.bot import Bot
from casework.logs import configure
from casework.safety import beside
from casework.settings import Settings, get_settings
from casework.storage import Database
from channels import calendar, chat, console, demo, directory, health, rehearsal, sms, voice, yours
from channels.live import Live
from channels.twilio import Twilio
from channels.worker import crisis_lane

log = structlog.get_logger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, for one process of many. What it holds open is opened at start and closed at the end."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure(settings.log_level)
        assert settings.database_url, "DATABASE_URL is not set; `guidepost up` sets it"
        app.state.database = Database(settings.database_url, pool_size=10)
        app.state.bot = Bot(settings)
        app.state.live = Live()
        await app.state.live.start(settings.database_url)
        said = asyncio.create_task(agency.keep_current(app.state.database, settings), name="agency")
        async with beside.process():  # loads in some seconds: not while somebody in danger waits
            await rehearsal.rehearse(app.state.database)
            gc.collect()
            gc.freeze()  # mappings and tables live as long as the process: not to be looked through again and again
            async with crisis_lane(settings):
                yield
        said.cancel()
        await app.state.live.stop()
        await app.state.bot.close()
        await app.state.database.close()

    app = FastAPI(title="Guidepost", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.settings = settings
    app.state.twilio = Twilio(settings)
    app.add_exception_handler(DataError, _cannot_be_kept)
    app.include_router(sms.router)
    app.include_router(voice.router)
    app.include_router(chat.router)
    app.include_router(calendar.router)
    app.include_router(health.router)
    app.include_router(directory.router)
    app.include_router(yours.router)
    console.mount(app)
    if settings.guidepost_demo:
        demo.mount(app)
    else:

        @app.get("/", include_in_schema=False)
        async def front() -> RedirectResponse:
            return RedirectResponse("/console")

    return app


async def _cannot_be_kept(_request: Request, _error: Exception) -> Response:
    """A character or a number that the database has no room for (NUL in a search or a form) is the sender's mistake."""
    log.warning("unkeepable_value")
    return PlainTextResponse("This holds something that cannot be read.\n", 400)
