"""One page's side of a chat, whatever carries its frames: `socket` (WebSocket) or `polling` (HTTP).

Two things send to it: the reader (acks and errors) and the pump (messages that were stored). A lock keeps what belongs
together together: nothing of the answer to a message goes out before its ack.

`seq` is given at insert, so a message may become visible after one with a greater `seq`. The pump therefore remembers
by id what it has sent, and moves its floor only past messages that were seen a minute ago: none is lost, none doubled.
"""

from __future__ import annotations

import abc
import asyncio
import time
import uuid
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from casework import clock
from casework.conversations import joining
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import Message
from casework.settings import Settings
from casework.storage import Database, notify
from channels.chat import frames, mailing, queries, sessions
from channels.chat.frames import Frame, Hello, LinkWanted, Refused, Said
from channels.chat.hub import Hub

log = structlog.get_logger(__name__)

ERRORS_IN_A_ROW = 20
SETTLED = 60.0  # seconds after which no message with a smaller seq can still appear


class Connection(abc.ABC):
    """Frames in by `handle`, frames out by `_send`. `_leave` when the page is gone."""

    def __init__(self, database: Database, settings: Settings, hub: Hub, address: str, origin: str) -> None:
        self._database = database
        self._settings = settings
        self._hub = hub
        self.address = address
        self._origin = origin
        self._token: str | None = None
        self._conversation: uuid.UUID | None = None  # joined in the hub, whether stored yet or not
        self._language = "en"
        self._errors = 0
        self._sending = asyncio.Lock()
        self._seen: dict[uuid.UUID, tuple[int, float]] = {}  # id -> seq, when it was seen (Unix time)
        self._after = 0
        self.active_at = time.monotonic()  # when the page last sent, or was sent, anything

    @abc.abstractmethod
    def wake(self) -> None:
        """Something may be new in the conversation."""

    @abc.abstractmethod
    def typing(self) -> None:
        """A member of staff is writing."""

    @abc.abstractmethod
    async def expire(self) -> None:
        """Nothing was said for too long."""

    @abc.abstractmethod
    async def _send(self, frame: Frame) -> None: ...

    async def handle(self, text: str | None) -> bool:
        """Acts on one frame. False: this page sends nothing but errors, or its chat has ended."""
        self.active_at = time.monotonic()
        try:
            await self._act(frames.read(text))
        except Refused as refusal:
            return await self.refuse(refusal.code)
        except SQLAlchemyError as error:
            log.warning("chat_storage_away", error=type(error).__name__, conversation=str(self._conversation))
            return await self.refuse("unavailable")
        return True

    async def _act(self, frame: frames.Incoming) -> None:
        if isinstance(frame, Hello):
            await self._hello(frame)
        elif self._token is None:
            raise Refused("hello_first")
        elif isinstance(frame, Said):
            await self._said(self._token, frame)
        elif isinstance(frame, LinkWanted):
            await self._link(self._token)
        else:
            return await self._client_types()
        self._errors = 0
        return None

    async def refuse(self, code: str) -> bool:
        """Tells the page why not. False once that was one time too many."""
        self._errors += 1
        last = self._errors >= ERRORS_IN_A_ROW
        async with self._sending:
            await self._send(frames.error(code, self._language))
            if last:
                await self._send(frames.error("too_many_errors", self._language))
        return not last

    async def _hello(self, hello: Hello) -> None:
        async with self._sending:
            self._leave()
            self._language = hello.language
            token = hello.session
            if token is None or not await self._opens(token):
                token = sessions.new_token(self._settings, self._origin)
            stored = await self._enter(token)
            self._begin_after(stored)
            await self._send(frames.welcome(token, stored, mailing.offered(self._settings, self._language)))

    async def _opens(self, token: str) -> bool:
        """Whether the token is this line's, may be used from this origin, and has not been given up."""
        if not sessions.well_formed(token):
            return False
        async with self._database.session() as session:
            return await sessions.opens(session, self._settings, token, self._origin)

    async def _enter(self, token: str) -> list[Message]:
        """Joins the chat of the token; returns its newest messages."""
        conversation_id = sessions.conversation_id(self._settings, token)
        async with self._database.session() as session:
            if found := await sessions.find(session, token):
                conversation_id = found[1].id
        # Joined before the history is read: what comes in between wakes the pump.
        await self._hub.join(conversation_id, self)
        self._conversation = conversation_id
        async with self._database.session() as session:
            stored = await queries.history(session, conversation_id, sessions.index(token))
        self._token = token
        return stored

    async def _said(self, token: str, said: Said) -> None:
        assert self._conversation is not None
        if not self._hub.limits.take(str(self._conversation), self.address):
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

    async def _link(self, token: str) -> None:
        """Gives out a one-time code: texted from a phone, it moves this chat there."""
        number = joining.line_number(self._settings)
        if number is None:
            raise Refused("no_number")
        if not self._hub.limits.links.allows(str(self._conversation)):
            raise Refused("slow_down")
        self._hub.limits.links.take(str(self._conversation))
        async with self._sending:
            async with self._database.session() as session:
                _, conversation = await sessions.find_or_begin(session, self._settings, token, self._language)
                code = await joining.new_code(session, conversation)
            await self._send(frames.link(code, number, joining.MINUTES))

    async def _client_types(self) -> None:
        if not (self._after or self._seen) or not self._hub.limits.typing.allows(str(self._conversation)):
            return  # nobody knows of this chat yet, or they were told already
        self._hub.limits.typing.take(str(self._conversation))
        async with self._database.session() as session:
            await notify(session, kind="typing", conversation=self._conversation, author="client")

    async def _send_unseen(self) -> None:
        async with self._sending:
            if self._token is None or self._conversation is None:
                return
            async with self._database.session() as session:
                new = await queries.unseen(
                    session, self._conversation, sessions.index(self._token), self._after, self._seen
                )
                moved = not new and await queries.moved(session, self._conversation, sessions.index(self._token))
            for message in new:
                await self._send(frames.message(message))
                self._note(message)
            if moved:
                self._leave()
                self._token = None
                await self._send(frames.error("moved", self._language))

    def _begin_after(self, stored: list[Message]) -> None:
        self._seen, self._after = {}, 0
        settled = clock.now() - timedelta(seconds=SETTLED)
        for message in stored:
            if message.created_at < settled:
                self._after = max(self._after, message.seq)
            else:
                self._note(message)

    def _note(self, message: Message) -> None:
        self.active_at, now = time.monotonic(), time.time()
        self._seen[message.id] = (message.seq, now)
        for message_id, (seq, seen_at) in list(self._seen.items()):
            if now - seen_at > SETTLED:
                self._after = max(self._after, seq)
                del self._seen[message_id]

    def _leave(self) -> None:
        if self._conversation is not None:
            self._hub.leave(self._conversation, self)
            self._conversation = None
