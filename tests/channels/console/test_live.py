"""Live updates: what one process changes, every open page of every process hears."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from casework.storage import Database, notify
from channels.live import REFRESH, Live

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Live]:
    live = Live()
    await live.start(url)
    assert live.listening
    try:
        yield live
    finally:
        await live.stop()


async def test_every_watch_hears_what_was_committed_and_nothing_else(database: Database, database_url: str) -> None:
    async with listening(database_url) as live:
        with live.subscribe() as one, live.subscribe() as other:
            with suppress(ZeroDivisionError):
                async with database.session() as session:
                    await notify(session, kind="queue", handoff="rolled back")
                    raise ZeroDivisionError
            async with database.session() as session:
                await notify(session, kind="queue", handoff="committed")
            for watch in (one, other):
                assert await watch.next(5) == {"kind": "queue", "handoff": "committed"}
    await database.close()


async def test_a_slow_watch_is_told_to_refresh_and_holds_nobody_up(database: Database, database_url: str) -> None:
    async with listening(database_url) as live:
        with live.subscribe(size=3) as slow, live.subscribe() as quick:
            for number in range(6):
                async with database.session() as session:
                    await notify(session, kind="message", conversation=number)
            assert [(await quick.next(5))["conversation"] for _ in range(6)] == [str(n) for n in range(6)]  # type: ignore[index]
            assert await slow.next(5) == REFRESH
            rest = []
            with suppress(TimeoutError):
                while True:
                    rest.append(await slow.next(0.2))
            assert len(rest) < 3
    await database.close()


async def test_after_a_lost_connection_everybody_refreshes_and_hears_again(
    database: Database, database_url: str
) -> None:
    async with listening(database_url) as live:
        with live.subscribe() as watch:
            async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as other:
                await other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and query ilike 'listen%'"
                )
            assert await watch.next(10) == REFRESH
            async with database.session() as session:
                await notify(session, kind="queue")
            assert await watch.next(5) == {"kind": "queue"}
    await database.close()


async def test_stopping_ends_every_watch(database: Database, database_url: str) -> None:
    async with listening(database_url) as live:
        with live.subscribe() as watch:
            seen = asyncio.create_task(_all(watch))
            async with database.session() as session:
                await notify(session, kind="queue")
            await asyncio.sleep(0.2)
            await live.stop()
            assert json.loads(await asyncio.wait_for(seen, 5)) == [{"kind": "queue"}]
    await database.close()


async def test_a_signal_to_stop_ends_every_watch_before_the_web_server_waits_for_them(
    database: Database, database_url: str
) -> None:
    heard: list[int] = []

    def servers_own(number: int, frame: object) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGTERM, servers_own)
    try:
        async with listening(database_url) as live:
            with live.subscribe() as watch:
                os.kill(os.getpid(), signal.SIGTERM)
                assert await watch.next(5) is None
        assert heard == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is servers_own
    finally:
        signal.signal(signal.SIGTERM, before)
    await database.close()


async def _all(watch) -> str:  # type: ignore[no-untyped-def]
    return json.dumps([event async for event in watch])
