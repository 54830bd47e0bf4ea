"""A web process with the chat, the SMS webhooks and the demo, on a port of its own, over a real Postgres.

The assistant is played by the tests: what the worker would store after a turn, `replies` stores.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations import people
from casework.conversations.tables import ASSISTANT, Conversation, Message
from casework.delivery import outbox
from casework.settings import Settings, get_settings
from casework.storage import Database
from channels import chat, demo, sms
from channels.chat.hub import Hub
from channels.chat.limits import Limits
from channels.live import Live
from channels.twilio import Twilio

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(port: int, **changes: Any) -> Settings:
    own = {"port": port, "twilio_api_url": f"http://127.0.0.1:{port}/demo/twilio", "gather_seconds": 0.0}
    return get_settings().model_copy(update=own | changes)


def web_app(settings: Settings, database_url: str, limits: Limits) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(database_url, pool_size=10)
        app.state.live = Live()
        await app.state.live.start(database_url)
        app.state.chat_hub = Hub(app.state.live, limits)
        yield
        await app.state.live.stop()
        await app.state.database.close()

    app = FastAPI(lifespan=lifespan)
    app.state.settings = settings
    app.state.twilio = Twilio(settings)
    app.include_router(chat.router)
    app.include_router(sms.router)
    demo.mount(app)
    return app


class Running:
    """A web process that can be stopped and started again on its port."""

    def __init__(self, database_url: str, limits: Limits | None = None, **changes: Any) -> None:
        self.database_url = database_url
        self.port = free_port()
        self.limits = limits or Limits(per_session=10_000, per_address=10_000)
        self.settings = settings_for(self.port, **changes)
        self.app: FastAPI | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat/socket"

    def start(self) -> None:
        self.app = web_app(self.settings, self.database_url, self.limits)
        config = uvicorn.Config(
            self.app, port=self.port, log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < until, "the web process did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


def in_one_transaction(database_url: str, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Runs one step as a job of the worker would."""

    async def run() -> T:
        database = Database(database_url, pool_size=1)
        try:
            async with database.session() as session:
                return await step(session)
        finally:
            await database.close()

    # A thread of its own: the caller may be inside an event loop (a browser's, a socket's).
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def replies(
    database_url: str,
    text: str,
    *,
    token: str | None = None,
    author: str = ASSISTANT,
    choices: tuple[tuple[str, str], ...] = (),
    hold_back: bool = False,
) -> uuid.UUID | None:
    """The assistant (or staff, or the system) says something in the chat of this token, or in the only one there is."""

    async def step(session: AsyncSession) -> uuid.UUID | None:
        if token is not None:
            found = await people.by_web_session(session, token)
        else:
            only = (await session.execute(select(Conversation.id))).scalar_one()
            found = await people.by_id(session, only)
        assert found is not None
        offered = [{"title": title, "payload": payload} for title, payload in choices]
        return await outbox.put(session, *found, text, author=author, choices=offered, hold_back=hold_back)

    return in_one_transaction(database_url, step)


def stored(database_url: str) -> list[Message]:
    """Every message there is, in order."""

    async def step(session: AsyncSession) -> list[Message]:
        return list((await session.execute(select(Message).order_by(Message.seq))).scalars())

    return in_one_transaction(database_url, step)


def conversations(database_url: str) -> list[Conversation]:
    async def step(session: AsyncSession) -> list[Conversation]:
        return list((await session.execute(select(Conversation))).scalars())

    return in_one_transaction(database_url, step)
