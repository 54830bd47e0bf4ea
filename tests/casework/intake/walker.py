"""A client who answers the walk's questions: the form's two actions over a real database, without the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.ext.asyncio import AsyncSession

from actions import case
from actions.form import AskStep, ValidateIntakeForm
from casework import clock
from casework.conversations.tables import CLIENT, IN, Client, Conversation, Message
from casework.intake import answers
from casework.storage import Database, new_id


class Walker:
    """Texts as the model would hand them on: `say("2")`, with an intent where it is not `inform`.

    `tries`: how often each turn is tried; the bot forgets what came of all but the last, as if it had died.
    """

    tries = 1

    def __init__(self, database: Database, language: str = "en", **told: Any) -> None:
        self._database, self._language, self._told = database, language, {"saving": True, **told}
        self.client_id, self._conversation = new_id(), new_id()
        self._slots: dict[str, Any] = {"welcomed": True}
        self.said, self.choices = "", list[dict[str, str]]()
        self._entities: dict[str, str] = {}

    def walk(self, *texts: str | tuple[str, str], **entities: str) -> str:
        """Sends the texts one by one (a pair is text and intent); returns the last answer.

        `entities`: those that the model finds in the last text.
        """

        async def all_of_it() -> None:
            case.use(self._database)
            try:
                await self._begin()
                await self._turn(None, "inform")
                for place, each in enumerate(texts, 1):
                    self._entities = entities if place == len(texts) else {}
                    await self._turn(*((each, "inform") if isinstance(each, str) else each))
            finally:
                await self._database.close()

        asyncio.run(all_of_it())
        return self.said

    def after(self, read: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        """What a reading of the database gives."""

        async def look() -> Any:
            try:
                async with self._database.session() as session:
                    return await read(session)
            finally:
                await self._database.close()

        return asyncio.run(look())

    async def _begin(self) -> None:
        async with self._database.session() as session:
            session.add(Client(id=self.client_id, language=self._language))
            await session.flush()
            session.add(Conversation(id=self._conversation, client_id=self.client_id, channel="sms"))
            await session.flush()
            for fact, value in self._told.items():
                await answers.record(session, self.client_id, fact, value, at=clock.now())

    async def _turn(self, text: str | None, intent: str) -> None:
        self.said, self.choices = "", []
        self._turn_id = new_id()
        async with self._database.session() as session:
            about = {"direction": IN, "author": CLIENT, "text": text or "hi", "status": "handled"}
            session.add(Message(id=self._turn_id, conversation_id=self._conversation, **about))
        before = dict(self._slots)
        for _ in range(self.tries):
            self._slots, self.said, self.choices = dict(before), "", []
            if text is not None:
                await self._run(ValidateIntakeForm(), text, intent)
            await self._run(AskStep(), text or "", intent)

    async def _run(self, action: case.CaseAction, text: str, intent: str) -> None:
        found = [{"entity": name, "value": value} for name, value in self._entities.items()]
        message = {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": found}
        tracker = Tracker(
            sender_id=str(self._conversation),
            slots=dict(self._slots),
            latest_message={**message, "metadata": {"turn": str(self._turn_id), "words": text}},
            events=[],
            paused=False,
            followup_action=None,
            active_loop={"name": case.FORM},
            latest_action_name="action_listen",
        )
        dispatcher = CollectingDispatcher()
        for event in await action.run(dispatcher, tracker, {}):
            if event.get("event") == "slot":
                self._slots[event["name"]] = event["value"]
        for message in dispatcher.messages:
            self.choices = message.get("buttons") or self.choices
            lines = [
                message["text"],
                *(f"{n} {each['title']}" for n, each in enumerate(message.get("buttons") or (), 1)),
            ]
            self.said += "\n".join(lines) + "\n"
