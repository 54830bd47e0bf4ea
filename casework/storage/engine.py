"""The database of a process: made by the process's entry point and handed down, never built at import."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

LIVE_CHANNEL = "guidepost_live"
_TRUSTED = 1.0  # seconds after its use in which a pooled connection is taken to be alive


def plain_url(url: str) -> str:
    """The address as libpq and psycopg read it (`postgresql://...`), whatever driver the given one names."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """A pool of connections and the unit of work over it.

    `async with database.session() as session:` is one transaction: it commits at the end of the block and rolls back
    on an error. Code inside never commits.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        import casework.storage.tables  # noqa: F401 - foreign keys are resolved by tables of every room

        self.url = plain_url(url)
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            hide_parameters=True,  # an error's text must not hold what a client wrote
        )
        _try_idle_connections(self._engine.sync_engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session, session.begin():
            yield session

    async def ping(self) -> None:
        async with self.session() as session:
            await session.execute(text("select 1"))

    async def close(self) -> None:
        await self._engine.dispose()


def _try_idle_connections(engine: Engine) -> None:
    """A connection that lay idle is tried before it is handed out: a database that was restarted must not cost the next
    client an error. One that was in use a moment ago is not: that would be a tenth of a webhook's time.
    """

    @event.listens_for(engine, "checkin")
    def used(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def tried(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", float("-inf")) < _TRUSTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection is gone") from error  # the pool opens another


_NOTIFY = text("select pg_notify(:channel, :payload)")


async def notify(session: AsyncSession, **ids: Any) -> None:
    """Tells every web process, at commit, that something changed. Ids only: notifications are not encrypted."""
    await session.execute(_NOTIFY, notification(ids))


def notification(ids: Mapping[str, Any]) -> dict[str, str]:
    """The `channel` and `payload` of what `notify` sends, for a statement that sends it along."""
    return {"channel": LIVE_CHANNEL, "payload": json.dumps({key: str(value) for key, value in ids.items()})}
