"""The chat over plain HTTP, for networks that let no WebSocket through: the same frames, tokens and limits.

    POST /chat/poll   {"session": token | null, "language": "en", "frames": [...], "after": cursor | null, "wait": true}
                      -> {"frames": [...], "after": cursor}

`frames` are what a socket would carry, each way. Without frames to act on and with `wait` the answer comes with the
next frame, or empty after WAIT seconds. Nothing of a page stays in the process between two requests: `after` says
what it has seen, so any web process can answer the next one. It is only repeated, never made, by the page.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any

from fastapi import Request

from casework.settings import Settings
from casework.storage import Database
from channels.chat import frames
from channels.chat.connection import SETTLED, Connection
from channels.chat.frames import Frame, Hello, Refused
from channels.chat.hub import Hub

WAIT = 25.0  # seconds: shorter than what proxies on the way give up after
LARGEST = 64 * 1024  # bytes of one request
MOST_FRAMES = 10
_MOST_SEEN = 1_000


class Poll(Connection):
    """One request: `answer` acts on its frames and collects what goes back."""

    def __init__(self, database: Database, settings: Settings, hub: Hub, address: str, origin: str) -> None:
        super().__init__(database, settings, hub, address, origin)
        self._out: list[Frame] = []
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    def typing(self) -> None:
        self._out.append(frames.typing())
        self._news.set()

    async def expire(self) -> None:
        self._news.set()

    async def _send(self, frame: Frame) -> None:
        self._out.append(frame)

    async def answer(self, body: bytes, request: Request) -> dict[str, Any]:
        """The answer to one request. Raises Refused where it is none at all; SQLAlchemyError without a database."""
        asked = _read(body)
        hello = Hello(asked["session"], frames.language_of(asked["language"]))
        if not self._hub.opened(self):
            raise Refused("too_many_chats")
        try:
            if not asked["says_hello"]:
                await self._resume(hello, asked["after"])
            for text in asked["frames"]:
                if not await self.handle(text):
                    break
            await self._send_unseen()
            if asked["wait"] and not self._out and not asked["frames"]:
                await self._wait(request)
            return {"frames": self._out, "after": self._cursor()}
        finally:
            self._leave()
            self._hub.closed(self)

    async def _resume(self, hello: Hello, after: Any) -> None:
        self._language = hello.language
        if hello.session is None or after is None or not await self._opens(hello.session):
            return  # whatever the frames want, they are told to say hello first
        self._after, self._seen = _floor(after)
        await self._enter(hello.session)

    async def _wait(self, request: Request) -> None:
        gone = asyncio.ensure_future(request.receive())  # the body is read: what comes next is the page's going
        deadline = time.monotonic() + WAIT
        try:
            while not self._out and not gone.done() and not self._hub.ended:
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait(
                    (news, gone), timeout=max(0.0, deadline - time.monotonic()), return_when=asyncio.FIRST_COMPLETED
                )
                news.cancel()
                if time.monotonic() >= deadline:
                    return
                self._news.clear()
                await self._send_unseen()
        finally:
            gone.cancel()

    def _cursor(self) -> list[Any] | None:
        if self._token is None:
            return None
        return [self._after, [[str(key), seq, round(at, 3)] for key, (seq, at) in self._seen.items()]]


def _read(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST:
        raise Refused("too_large")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_frame") from error
    if not isinstance(asked, dict):
        raise Refused("bad_frame")
    session, language, given = asked.get("session"), asked.get("language", "en"), asked.get("frames", [])
    if not isinstance(session, str | None) or not isinstance(language, str) or not isinstance(given, list):
        raise Refused("bad_frame")
    if len(given) > MOST_FRAMES:
        raise Refused("too_large")
    return {
        "session": session,
        "language": language,
        "frames": [json.dumps(frame) for frame in given],
        "says_hello": bool(given) and isinstance(given[0], dict) and given[0].get("type") == "hello",
        "after": asked.get("after"),
        "wait": asked.get("wait") is True,
    }


def _floor(after: Any) -> tuple[int, dict[uuid.UUID, tuple[int, float]]]:
    """What the page has seen, as a cursor says it. Raises Refused for what no cursor is."""
    try:
        floor, listed = after
        if len(listed) > _MOST_SEEN:
            raise Refused("bad_frame")
        seen = {uuid.UUID(key): (int(seq), min(float(at), time.time())) for key, seq, at in listed}
        if not all(0 <= number < 2**63 for number in (int(floor), *(seq for seq, _ in seen.values()))):
            raise Refused("bad_frame")
        return int(floor), {key: value for key, value in seen.items() if time.time() - value[1] < 10 * SETTLED}
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise Refused("bad_frame") from error
