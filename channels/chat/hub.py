"""The open chats of this process: one watch on the live notifications wakes the pages that each concerns.

It also keeps what a process can bear: how many chats an address has open, how many pages one chat, and which of them
have been silent for too long.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from typing import Any, Protocol

from casework.conversations.tables import PERSON
from channels.chat.frames import Refused
from channels.chat.limits import Limits
from channels.live import Live

_NEWS = 4096  # notifications that may wait; beyond that every page reads once (see channels.live)


class Listener(Protocol):
    """A page's connection, as the hub knows it."""

    address: str
    active_at: float

    def wake(self) -> None:
        """Something may be new in its conversation."""

    def typing(self) -> None:
        """A member of staff is writing."""

    async def expire(self) -> None:
        """It was silent for too long."""


class Hub:
    """Made with the first page of a process; `join` before the state is read, and nothing is missed."""

    def __init__(self, live: Live, limits: Limits | None = None) -> None:
        self._live = live
        self.limits = limits or Limits()
        self.ended = False  # the process stops: nobody waits for news any more
        self._listeners: dict[uuid.UUID, set[Listener]] = {}
        self._open: dict[Listener, uuid.UUID | None] = {}
        self._addresses: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._watching = asyncio.Event()

    def opened(self, listener: Listener) -> bool:
        """Counts one more connection of its address. False: that is one too many."""
        if self._addresses[listener.address] >= self.limits.chats_per_address:
            return False
        self._addresses[listener.address] += 1
        self._open[listener] = None
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep(), name="chat-sweep")
        return True

    def closed(self, listener: Listener) -> None:
        if listener in self._open:
            del self._open[listener]
            self._addresses[listener.address] -= 1
            if not self._addresses[listener.address]:
                del self._addresses[listener.address]

    async def join(self, conversation_id: uuid.UUID, listener: Listener) -> None:
        """From here on the listener hears of this conversation. Raises Refused where too many pages show it."""
        if self._task is None or self._task.done():
            self._watching.clear()
            self._task = asyncio.create_task(self._watch(), name="chat-hub")
        await self._watching.wait()
        listeners = self._listeners.setdefault(conversation_id, set())
        if len(listeners) >= self.limits.pages_per_session:
            raise Refused("too_many_pages")
        listeners.add(listener)
        if listener in self._open:
            self._open[listener] = conversation_id

    def leave(self, conversation_id: uuid.UUID, listener: Listener) -> None:
        listeners = self._listeners.get(conversation_id)
        if listeners:
            listeners.discard(listener)
            if not listeners:
                del self._listeners[conversation_id]
        if listener in self._open:
            self._open[listener] = None

    async def _watch(self) -> None:
        with self._live.subscribe(_NEWS) as watch:
            self._watching.set()
            async for event in watch:
                self._tell(event)
        self.ended = True
        self._wake_all()

    def _tell(self, event: dict[str, Any]) -> None:
        match event.get("kind"):
            case "refresh":
                self._wake_all()
            case "message":
                for listener in tuple(self._of(event)):
                    listener.wake()
            case "typing" if event.get("author") == PERSON:
                for listener in tuple(self._of(event)):
                    listener.typing()

    def _wake_all(self) -> None:
        for listeners in tuple(self._listeners.values()):
            for listener in tuple(listeners):
                listener.wake()

    def _of(self, event: dict[str, Any]) -> set[Listener]:
        try:
            return self._listeners.get(uuid.UUID(str(event.get("conversation"))), set())
        except ValueError:
            return set()

    async def _sweep(self) -> None:
        """Ends what has been silent for too long: a page that never said hello, a chat that everybody has left."""
        while self._open:
            await asyncio.sleep(self.limits.sweep_seconds)
            now = time.monotonic()
            for listener, conversation_id in tuple(self._open.items()):
                allowed = self.limits.hello_seconds if conversation_id is None else self.limits.idle_seconds
                if now - listener.active_at > allowed:
                    await listener.expire()
