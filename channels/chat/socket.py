"""A page's WebSocket, from accept to close."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from fastapi import WebSocket
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from casework.settings import Settings
from casework.storage import Database
from channels.chat import frames
from channels.chat.connection import Connection
from channels.chat.frames import Frame
from channels.chat.hub import Hub

log = structlog.get_logger(__name__)
POLICY_VIOLATION, TRY_LATER, IDLE = 1008, 1013, 4000  # close codes; from 4000 on they are our own
_RETRY = 1.0  # seconds before the database is asked again


class Socket(Connection):
    """`run` returns when the socket is gone. Its pump is a task only while there is something to send."""

    def __init__(
        self, websocket: WebSocket, database: Database, settings: Settings, hub: Hub, address: str, origin: str
    ) -> None:
        super().__init__(database, settings, hub, address, origin)
        self._websocket = websocket
        self._news = False
        self._pump: asyncio.Task[None] | None = None
        self._notices: set[asyncio.Task[None]] = set()

    @property
    def greeted(self) -> bool:
        """Whether the page has said hello."""
        return self._token is not None

    def wake(self) -> None:
        self._news = True
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._send_news(), name="chat-pump")

    def typing(self) -> None:
        task = asyncio.create_task(self._send_quietly(frames.typing()))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def expire(self) -> None:
        await self._close(IDLE)

    async def run(self) -> None:
        if not self._hub.opened(self):
            await self.refuse("too_many_chats")
            await self._close(TRY_LATER)
            return
        try:
            while True:
                received = await self._websocket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                if not await self.handle(received.get("text")):
                    await self._close(POLICY_VIOLATION)
                    return
        except WebSocketDisconnect:
            return
        finally:
            self._leave()
            self._hub.closed(self)
            if self._pump is not None:
                self._pump.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._pump

    async def _send_news(self) -> None:
        while self._news:
            self._news = False
            try:
                await self._send_unseen()
            except SQLAlchemyError as error:
                log.warning("chat_storage_away", error=type(error).__name__, conversation=str(self._conversation))
                await asyncio.sleep(_RETRY)
                self._news = True
            except (WebSocketDisconnect, RuntimeError):
                return  # the page is gone; the reader ends by itself

    async def _send(self, frame: Frame) -> None:
        await self._websocket.send_json(frame)

    async def _send_quietly(self, frame: Frame) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            if self._websocket.application_state is WebSocketState.CONNECTED:
                async with self._sending:
                    await self._send(frame)

    async def _close(self, code: int) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code)
