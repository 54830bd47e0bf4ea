"""What changes, told to whoever watches: one LISTEN connection a web process, fanned out to its open pages and chats.

A notification holds ids only (`{"kind": "message", "conversation": ...}`); who watches reads the rest for themselves.
`{"kind": "refresh"}` says that something may have been missed: the watcher was slow, or the connection was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from casework.storage.engine import LIVE_CHANNEL, plain_url

Event = dict[str, Any]
REFRESH: Event = {"kind": "refresh"}
_PAUSES = (0.2, 1.0, 2.0, 5.0)  # seconds between tries to reach the database again
_QUIET = 30.0  # seconds without a word after which the connection is tried
_log = logging.getLogger(__name__)
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Watch:
    """One watcher's news, in order. What does not fit any more is given up for one REFRESH."""

    def __init__(self, size: int) -> None:
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue(size)

    def tell(self, event: Event | None) -> None:
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(REFRESH if event is not None else None)

    async def next(self, timeout_seconds: float | None = None) -> Event | None:
        """The next piece of news. Raises TimeoutError after so long without one; None once the process stops."""
        return await asyncio.wait_for(self._waiting.get(), timeout_seconds)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._waiting.get()) is not None:
            yield event


class Live:
    """`start` at the process's start, `stop` at its end; in between `with live.subscribe() as watch:`."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._handlers: dict[int, tuple[Any, Any]] = {}  # signal -> its handler before, and ours
        self.stopped = False

    async def start(self, database_url: str, *, wait_seconds: float = 5.0) -> None:
        """Listens from here on, and goes on trying where the database cannot be reached."""
        self._end_with_the_process()
        self._listener = asyncio.create_task(self._listen(plain_url(database_url)), name="live")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), wait_seconds)

    def end(self) -> None:
        """Ends every watch, now and from here on."""
        self.stopped = True
        self._tell(None)

    async def stop(self) -> None:
        """Ends every watch and the connection."""
        self.end()
        for number, (before, ours) in self._handlers.items():
            if signal.getsignal(number) is ours:
                signal.signal(number, before)
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    def _end_with_the_process(self) -> None:
        """A web server that is told to stop waits for open answers first: streams must end with the signal itself."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            before = signal.getsignal(number)
            if not callable(before):
                continue

            def ours(number: int, frame: Any, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.end)
                before(number, frame)

            signal.signal(number, ours)
            self._handlers[number] = (before, ours)

    @property
    def listening(self) -> bool:
        return self._listening.is_set()

    @contextmanager
    def subscribe(self, size: int = 64) -> Iterator[Watch]:
        """A watch on everything from here on. Subscribe first, then read the state, and nothing is missed."""
        watch = Watch(size)
        self._watches.add(watch)
        if self.stopped:
            watch.tell(None)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def _tell(self, event: Event | None) -> None:
        for watch in tuple(self._watches):
            watch.tell(event)

    async def _listen(self, url: str) -> None:
        tries = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(LIVE_CHANNEL)))
                    if tries:
                        self._tell(REFRESH)
                    tries = 0
                    self._listening.set()
                    await self._hear(connection)
            except psycopg.Error as error:
                _log.warning("live updates: the database is away (%s); trying again", type(error).__name__)
            self._listening.clear()
            tries += 1
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES)) - 1])

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for notification in connection.notifies(timeout=_QUIET):
                try:
                    event = json.loads(notification.payload)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    self._tell(event)
            # A connection that a network dropped silently is found out here, not by a client who waits.
            await connection.execute("select 1")
