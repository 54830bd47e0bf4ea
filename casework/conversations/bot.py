"""Asking the dialogue model for one turn, over loopback, through the small input channel in `bot/`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from casework.errors import AssistantUnavailable
from casework.settings import Settings


@dataclass(frozen=True)
class Turn:
    """What the model is told: a text (or the payload of a choice), and what it needs to know of the moment."""

    conversation_id: uuid.UUID
    message_id: uuid.UUID
    text: str
    language: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One message of the model's answer. `choices` are `{"title", "payload"}`."""

    text: str
    choices: list[dict[str, str]] = field(default_factory=list)


class Bot:
    """The model server's client. A message id that was handled before is answered again, not handled again."""

    def __init__(self, settings: Settings, *, timeout_seconds: float = 30.0) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.bot_url,
            timeout=timeout_seconds,
            headers={"Authorization": f"Bearer {settings.secret('bot')}"},
        )

    async def turn(self, turn: Turn) -> list[Reply]:
        """Raises AssistantUnavailable when the model server is away or could not finish the turn."""
        body = {
            "sender": str(turn.conversation_id),
            "message_id": str(turn.message_id),
            "text": turn.text,
            "metadata": {"language": turn.language, **turn.metadata},
        }
        try:
            answer = await self._client.post("/webhooks/guidepost/turn", json=body)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise AssistantUnavailable(f"the model server did not answer: {type(error).__name__}") from error
        return [
            Reply(
                text=part.get("text") or "",
                choices=[{"title": b["title"], "payload": b["payload"]} for b in part.get("buttons") or ()],
            )
            for part in answer.json()["messages"]
            if part.get("text")
        ]

    async def ready(self) -> bool:
        return await self._answers("/webhooks/guidepost/")

    async def reaches_actions(self) -> bool:
        """Whether the model server reaches the actions, which listen on its machine alone."""
        return await self._answers("/webhooks/guidepost/actions")

    async def _answers(self, path: str) -> bool:
        try:
            answer = await self._client.get(path)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    async def close(self) -> None:
        await self._client.aclose()
