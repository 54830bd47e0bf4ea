"""The open chats of this process: one watch on the live notifications wakes the sockets that each concerns."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Protocol

from casework.conversations.tables import PERSON
from channels.chat.limits import Limits
from channels.live import Live

_NEWS = 4096  # notifications that may wait; beyond that every socket reads once (see channels.live)


class Listener(Protocol):
    """A socket, as the hub knows it."""

    def wake(self) -> None:
        """Something may be new in its conversation."""

    def typing(self) -> None:
        """A member of staff is writing."""


class Hub:
    """Made with the first socket of a process; `join` before the state is read, and nothing is missed."""

    def __init__(self, live: Live, limits: Limits | None = None) -> None:
        self._live = live
        self.limits = limits or Limits()
        self._listeners: dict[uuid.UUID, set[Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self._watching = asyncio.Event()

    async def join(self, conversation_id: uuid.UUID, listener: Listener) -> None:
        if self._task is None or self._task.done():
            self._watching.clear()
            self._task = asyncio.create_task(self._watch(), name="chat-hub")
        await self._watching.wait()
        self._listeners.setdefault(conversation_id, set()).add(listener)

    def leave(self, conversation_id: uuid.UUID, listener: Listener) -> None:
        listeners = self._listeners.get(conversation_id)
        if listeners:
            listeners.discard(listener)
            if not listeners:
                del self._listeners[conversation_id]

    async def _watch(self) -> None:
        with self._live.subscribe(_NEWS) as watch:
            self._watching.set()
            async for event in watch:
                self._tell(event)

    def _tell(self, event: dict[str, Any]) -> None:
        match event.get("kind"):
            case "refresh":
                for listeners in self._listeners.values():
                    for listener in listeners:
                        listener.wake()
            case "message":
                for listener in self._of(event):
                    listener.wake()
            case "typing" if event.get("author") == PERSON:
                for listener in self._of(event):
                    listener.typing()

    def _of(self, event: dict[str, Any]) -> set[Listener]:
        try:
            return self._listeners.get(uuid.UUID(str(event.get("conversation"))), set())
        except ValueError:
            return set()
