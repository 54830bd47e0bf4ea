"""The channel through which the service asks for a turn, over loopback.

    GET  /webhooks/guidepost/         200 {"status": "ok"} once a model is loaded, else 503
    GET  /webhooks/guidepost/actions  the same, once the action server it asks answers
    POST /webhooks/guidepost/turn     Authorization: Bearer <GUIDEPOST_BOT_SECRET>
                                      {"sender", "message_id", "text", "metadata"?}
                                      200 {"messages": [{"text"?, "buttons"?: [{"title", "payload"}], "custom"?}]}

A message id that was handled before gets the same answer from the tracker; it is never handled twice. Other answers are
`{"error": a word, "detail"?: what is wrong with the body}`: 400 bad_request, 401 unauthorized, and 503 when the turn
was not done: not_ready, action_failed, too_many_actions, timeout, conversation_moved_on, failed. After a 503 nothing of
the turn is kept, and it may be asked again with the same message id.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

import aiohttp
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.turns import TurnFailed

logger = logging.getLogger("bot.channel")

TURN_SECONDS = 27.0  # the service gives up after 30
ACTIONS_SECONDS = 3.0  # to answer that they are there
MAX_ID = 255
PAYLOAD_SIGN = "/"
_SHOWN = ("text", "buttons", "custom", "image", "attachment")


class BadRequest(Exception):
    """The body is not what a turn needs."""


class Collector(CollectingOutputChannel):
    """Collects what is said. A text stays whole: how it is cut for a phone is for the service to decide."""

    @classmethod
    def name(cls) -> str:
        return GuidepostInput.name()

    async def send_text_message(self, recipient_id: str, text: str, **_: Any) -> None:
        await self._persist_message(self._message(recipient_id, text=text))

    def answer(self) -> list[dict[str, Any]]:
        return [{key: m[key] for key in _SHOWN if m.get(key)} for m in self.messages]


class GuidepostInput(InputChannel):
    @classmethod
    def name(cls) -> str:
        return "guidepost"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GuidepostInput:
        return cls((credentials or {}).get("secret"))

    def __init__(self, secret: str | None) -> None:
        if not secret:
            raise RasaException("The channel needs a secret: set GUIDEPOST_BOT_SECRET (see bot/credentials.yml).")
        self._secret = secret

    def knows(self, request: Request) -> bool:
        """Whether the request carries the secret as a bearer token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._secret.encode())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        webhook = Blueprint("guidepost_channel")

        @webhook.get("/")
        async def health(request: Request) -> HTTPResponse:
            if not _ready(request):
                return response.json({"error": "not_ready"}, 503)
            return response.json({"status": "ok"})

        @webhook.get("/actions")
        async def actions(request: Request) -> HTTPResponse:
            if not await _actions_answer(request):
                return response.json({"error": "not_ready"}, 503)
            return response.json({"status": "ok"})

        @webhook.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not self.knows(request):
                return response.json({"error": "unauthorized"}, 401)
            if not _ready(request):
                return response.json({"error": "not_ready"}, 503)
            collector = Collector()
            try:
                message = _message(request, collector)
            except BadRequest as error:
                return response.json({"error": "bad_request", "detail": str(error)}, 400)
            failed = await _handle(on_new_message, message)
            if failed:
                return response.json({"error": failed}, 503)
            return response.json({"messages": collector.answer()})

        return webhook


async def _handle(on_new_message: Callable[[UserMessage], Awaitable[Any]], message: UserMessage) -> str | None:
    """Has the message handled; gives the word for why it was not, if so."""
    try:
        await asyncio.wait_for(on_new_message(message), TURN_SECONDS)
    except TurnFailed as error:
        logger.warning("turn failed: %s (message %s)", error, message.message_id)
        return error.reason
    except asyncio.TimeoutError:  # noqa: UP041  (another class before Python 3.11)
        logger.warning("turn timed out (message %s)", message.message_id)
        return "timeout"
    except Exception as error:  # noqa: BLE001  (the edge: whatever it was, the caller is told and tries again)
        logger.error("turn failed: %s (message %s)", _kinds(error), message.message_id)
        return "failed"
    return None


def _kinds(error: BaseException | None) -> str:
    """The types of an exception and its causes: their texts may hold what a client said."""
    kinds: list[str] = []
    while error is not None and len(kinds) < 5:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
        kinds.append(type(error).__name__ + where)
        error = error.__cause__ or error.__context__
    return " from ".join(kinds)


def _ready(request: Request) -> bool:
    agent = getattr(request.app.ctx, "agent", None)
    return agent is not None and agent.is_ready()


async def _actions_answer(request: Request) -> bool:
    if not _ready(request):
        return False
    endpoint = request.app.ctx.agent.action_endpoint
    timeout = aiohttp.ClientTimeout(total=ACTIONS_SECONDS)
    try:
        url = urljoin(endpoint.url, "/healthz")
        async with endpoint.session() as session, session.get(url, timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (aiohttp.ClientError, asyncio.TimeoutError):  # noqa: UP041  (another class before Python 3.11)
        return False


def _message(request: Request, collector: Collector) -> UserMessage:
    """Reads the body. Raises BadRequest."""
    try:
        body = request.json
    except Exception as error:
        raise BadRequest("the body must be JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    for name in ("sender", "message_id"):
        value = body.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_ID:
            raise BadRequest(f"{name} must be a string of 1 to {MAX_ID} characters")
    text, metadata = body.get("text"), body.get("metadata")
    if not isinstance(text, str):
        raise BadRequest("text must be a string")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    metadata = metadata or {}
    return UserMessage(
        _as_said(text, metadata),
        collector,
        body["sender"],
        input_channel=GuidepostInput.name(),
        message_id=body["message_id"],
        metadata=metadata,
    )


def _as_said(text: str, metadata: dict[str, Any]) -> str:
    """What a client typed is never read as the payload of a choice, even when it begins like one.

    The service gives the client's own words as `metadata.words`: when they are the text, no choice was made.
    """
    words = metadata.get("words")
    return text.strip().lstrip(PAYLOAD_SIGN) if isinstance(words, str) and words.strip() == text.strip() else text
