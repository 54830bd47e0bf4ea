"""A chat page without a browser: a socket that speaks the frames, and the server behind it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import chat_server as serving
import websockets
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations import people
from casework.conversations.tables import ASSISTANT, PERSON, Conversation, Message
from casework.delivery import outbox
from casework.storage import Database
from channels.chat.limits import Limits

SOON = 15.0  # seconds within which everything asked for arrives
QUIET = 0.4  # seconds of silence that count as "nothing comes"


class Chat(serving.Running):
    """The server, and what the worker and staff do in it."""

    def stored(self) -> list[Message]:
        return serving.stored(self.database_url)

    def conversations(self) -> list[Conversation]:
        return serving.conversations(self.database_url)

    def replies(self, said: str, **more: Any) -> uuid.UUID | None:
        return serving.replies(self.database_url, said, **more)

    def replies_many(self, texts: Sequence[str]) -> None:
        async def step(session: AsyncSession) -> None:
            for said in texts:
                await self.put(session, said)

        serving.in_one_transaction(self.database_url, step)

    async def put(self, session: AsyncSession, said: str) -> None:
        only = (await session.execute(select(Conversation.id))).scalar_one()
        found = await people.by_id(session, only)
        assert found is not None
        await outbox.put(session, *found, said, author=ASSISTANT)

    def hand_to_people(self) -> None:
        async def step(session: AsyncSession) -> None:
            await session.execute(update(Conversation).values(owner=PERSON))

        serving.in_one_transaction(self.database_url, step)

    def jobs(self, task: str) -> int:
        async def step(session: AsyncSession) -> int:
            counted = await session.execute(
                text("select count(*) from procrastinate_jobs where task_name = :task"), {"task": task}
            )
            return int(counted.scalar_one())

        return serving.in_one_transaction(self.database_url, step)

    def database(self) -> Database:
        return Database(self.database_url, pool_size=1)


class Page:
    """One open socket."""

    def __init__(self, server: Chat, socket: websockets.ClientConnection) -> None:
        self.server = server
        self.token: str | None = None
        self._socket = socket

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        await self._socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self._socket.recv(), SOON))
        return frame

    async def hello(self, session: str | None = None, language: str = "en") -> dict[str, Any]:
        await self.send({"type": "hello", "session": session, "language": language})
        welcome = await self.next()
        assert welcome["type"] == "welcome"
        self.token = welcome["session"]
        return welcome

    async def say(self, said: str, key: str | None = None) -> list[str]:
        """Sends a text; the kinds of frames that answer it: ack and typing, or an error and its code."""
        await self.send({"type": "message", "id": key or str(uuid.uuid4()), "text": said})
        first = await self.next()
        if first["type"] == "error":
            return [f"error {first['code']}"]
        return [first["type"], (await self.next())["type"]]

    async def texts_until(self, count: int) -> list[str]:
        """The texts of so many messages, whatever acks come between, and then of any that come too many."""
        texts: list[str] = []
        while True:
            try:
                async with asyncio.timeout(SOON if len(texts) < count else QUIET):
                    frame = json.loads(await self._socket.recv())
            except TimeoutError:
                return texts
            if frame["type"] == "message":
                texts.append(frame["text"])

    async def quiet(self) -> bool:
        try:
            await asyncio.wait_for(self._socket.recv(), QUIET)
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        await self._socket.close()

    async def close_code(self) -> int | None:
        await asyncio.wait_for(self._socket.wait_closed(), SOON)
        return self._socket.close_code


def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextmanager
def chat_server(database_url: str, limits: Limits | None = None, **changes: Any) -> Iterator[Chat]:
    server = Chat(database_url, limits, **changes)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@asynccontextmanager
async def chat_page(server: Chat) -> AsyncIterator[Page]:
    async with websockets.connect(server.socket_url) as socket:
        yield Page(server, socket)
