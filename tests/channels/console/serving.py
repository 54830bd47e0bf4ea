"""The console served by a real web server in a thread, for tests that need a socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from casework.settings import get_settings
from casework.storage import Database
from channels import console
from channels.live import Live

T = TypeVar("T")


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """The console's address."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database, app.state.live, app.state.settings = Database(database_url), Live(), get_settings()
        app.state.loop = asyncio.get_running_loop()
        await app.state.live.start(database_url)
        yield
        await app.state.live.stop()
        await app.state.database.close()

    app = FastAPI(lifespan=lifespan)
    console.mount(app)
    config = uvicorn.Config(app, port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the web server did not start"
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    app.state.loop.call_soon_threadsafe(app.state.live.end)  # as the signal does in a process of its own
    server.should_exit = True
    thread.join(20)


def in_database(database_url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Does something in one transaction of its own, as another process would."""

    async def run() -> T:
        database = Database(database_url)
        try:
            async with database.session() as session:
                return await work(session)
        finally:
            await database.close()

    # In a thread: the browser's driver has an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()
