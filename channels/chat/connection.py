"""One socket of one page.

Two things send on it: the reader (acks and errors) and the pump (messages that were stored). A lock keeps what belongs
together together: nothing of the answer to a message goes out before its ack.

`seq` is given at insert, so a message may become visible after one with a greater `seq`. The pump therefore remembers
by id what it has sent, and moves its floor only past messages that were seen a minute ago: none is lost, none doubled.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from datetime import timedelta

import structlog
from fastapi import WebSocket
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from casework import clock
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import Message
from casework.settings import Settings
from casework.storage import Database, notify
from channels.chat import frames, queries, sessions
from channels.chat.frames import Frame, Hello, Refused, Said
from channels.chat.hub import Hub

log = structlog.get_logger(__name__)

ERRORS_IN_A_ROW = 20
POLICY_VIOLATION = 1008
_SETTLED = 60.0  # seconds after which no message with a smaller seq can still appear
_TYPING_EVERY = 3.0  # seconds between two "the client is typing" that staff are told
_RETRY = 1.0  # seconds before the database is asked again


class Connection:
    """From accept to close. `run` returns when the socket is gone."""

    def __init__(self, websocket: WebSocket, database: Database, settings: Settings, hub: Hub) -> None:
        self._websocket = websocket
        self._database = database
        self._settings = settings
        self._hub = hub
        self._address = websocket.client.host if websocket.client else "unknown"
        self._token: str | None = None
        self._conversation: uuid.UUID | None = None  # joined in the hub, whether stored yet or not
        self._language = "en"
        self._errors = 0
        self._sending = asyncio.Lock()
        self._news = asyncio.Event()
        self._seen: dict[uuid.UUID, tuple[int, float]] = {}  # id -> seq, when it was seen
        self._after = 0
        self._told_typing = 0.0
        self._notices: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._news.set()

    def typing(self) -> None:
        task = asyncio.create_task(self._send_quietly(frames.typing()))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def run(self) -> None:
        pump = asyncio.create_task(self._pump(), name="chat-pump")
        try:
            while True:
                received = await self._websocket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                if not await self._handle(received.get("text")):
                    return
        except WebSocketDisconnect:
            return
        finally:
            self._leave()
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def _handle(self, text: str | None) -> bool:
        """Acts on one frame. False: the socket was closed."""
        try:
            frame = frames.read(text)
            if isinstance(frame, Hello):
                await self._hello(frame)
            elif self._token is None:
                return await self._refuse("hello_first")
            elif isinstance(frame, Said):
                await self._said(self._token, frame)
            else:
                await self._client_types()
                return True
        except Refused as refusal:
            return await self._refuse(refusal.code)
        except SQLAlchemyError as error:
            log.warning("chat_storage_away", error=type(error).__name__, conversation=str(self._conversation))
            return await self._refuse("unavailable")
        self._errors = 0
        return True

    async def _refuse(self, code: str) -> bool:
        self._errors += 1
        last = self._errors >= ERRORS_IN_A_ROW
        async with self._sending:
            await self._send(frames.error(code, self._language))
            if last:
                await self._send(frames.error("too_many_errors", self._language))
                await self._websocket.close(POLICY_VIOLATION)
        return not last

    async def _hello(self, hello: Hello) -> None:
        token = hello.session if hello.session and sessions.well_formed(hello.session) else None
        async with self._sending:
            self._leave()
            self._token, self._language = None, hello.language
            stored: list[Message] = []
            conversation_id = None
            if token is not None:
                async with self._database.session() as session:
                    if found := await sessions.find(session, token):
                        conversation_id = found[1].id
                if conversation_id is None and not sessions.issued(self._settings, token):
                    token = None
            token = token or sessions.new_token(self._settings)
            conversation_id = conversation_id or sessions.conversation_id(self._settings, token)
            # Joined before the history is read: what comes in between wakes the pump.
            await self._hub.join(conversation_id, self)
            self._conversation = conversation_id
            async with self._database.session() as session:
                stored = await queries.history(session, conversation_id)
            self._begin_after(stored)
            self._token = token
            await self._send(frames.welcome(token, stored))

    async def _said(self, token: str, said: Said) -> None:
        assert self._conversation is not None
        if not self._hub.limits.take(str(self._conversation), self._address):
            raise Refused("slow_down")
        async with self._sending:
            async with self._database.session() as session:
                text = said.text
                if said.payload is not None:
                    title = await queries.title_offered(session, self._conversation, said.payload)
                    known = await queries.by_client_key(session, self._conversation, said.key)
                    if title is None and known is None:
                        raise Refused("unknown_choice")
                    text = title or (known.text if known else "")
                client, conversation = await sessions.find_or_begin(session, self._settings, token, self._language)
                received = await receive(
                    session, client, conversation, Inbound(text, client_key=said.key, payload=said.payload)
                )
                message = await session.get_one(Message, received.message_id)
                # Before the commit, which wakes the pump: this page shows what it has sent already.
                self._note(message)
                waits = not received.repeated and message.handled_at is None
            await self._send(frames.ack(said.id))
            if waits:
                await self._send(frames.typing())
        self.wake()
        log.info(
            "chat_message",
            conversation=str(conversation.id),
            message=str(received.message_id),
            again=received.repeated,
        )

    async def _client_types(self) -> None:
        now = time.monotonic()
        if now - self._told_typing < _TYPING_EVERY or not (self._after or self._seen):
            return  # told already, or nobody knows of this chat yet
        self._told_typing = now
        async with self._database.session() as session:
            await notify(session, kind="typing", conversation=self._conversation, author="client")

    async def _pump(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._send_unseen()
            except SQLAlchemyError as error:
                log.warning("chat_storage_away", error=type(error).__name__, conversation=str(self._conversation))
                await asyncio.sleep(_RETRY)
                self._news.set()
            except (WebSocketDisconnect, RuntimeError):
                return  # the page is gone; the reader ends by itself

    async def _send_unseen(self) -> None:
        async with self._sending:
            if self._token is None or self._conversation is None:
                return
            async with self._database.session() as session:
                new = await queries.unseen(session, self._conversation, self._after, self._seen)
            for message in new:
                await self._send(frames.message(message))
                self._note(message)

    def _begin_after(self, stored: list[Message]) -> None:
        self._seen, self._after = {}, 0
        settled = clock.now() - timedelta(seconds=_SETTLED)
        for message in stored:
            if message.created_at < settled:
                self._after = max(self._after, message.seq)
            else:
                self._note(message)

    def _note(self, message: Message) -> None:
        now = time.monotonic()
        self._seen[message.id] = (message.seq, now)
        for message_id, (seq, seen_at) in list(self._seen.items()):
            if now - seen_at > _SETTLED:
                self._after = max(self._after, seq)
                del self._seen[message_id]

    def _leave(self) -> None:
        if self._conversation is not None:
            self._hub.leave(self._conversation, self)
            self._conversation = None

    async def _send(self, frame: Frame) -> None:
        await self._websocket.send_json(frame)

    async def _send_quietly(self, frame: Frame) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            if self._websocket.application_state is WebSocketState.CONNECTED:
                async with self._sending:
                    await self._send(frame)
