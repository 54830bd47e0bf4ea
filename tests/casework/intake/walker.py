"""A client who answers the walk's questions: the form's actions over a real database, without the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.ext.asyncio import AsyncSession

from actions import case
from actions.form import DONE, REQUESTED, STEP, AskStep, ValidateIntakeForm, WalkedThrough
from casework import clock
from casework.conversations.tables import ASSISTANT, CLIENT, IN, OUT, Client, Conversation, Message
from casework.intake import answers
from casework.storage import Database, new_id
from casework.understanding.heard import of_choice

Turn = str | tuple[str, str] | tuple[str, str, type[case.CaseAction]]


class Walker:
    """Texts as the model would hand them on: `say("2")`, with an intent where it is not `inform`, and with the action
    that a rule has for it where the form does not take it.

    `tries`: how often each turn is tried; the bot forgets what came of all but the last, as if it had died.
    """

    tries = 1
    form = ValidateIntakeForm()

    def __init__(self, database: Database, language: str = "en", zone: str | None = None, **told: Any) -> None:
        self._zone = zone
        self._database, self._language, self._told = database, language, {"saving": True, **told}
        self.client_id, self._conversation = new_id(), new_id()
        self._slots: dict[str, Any] = {"welcomed": True}
        self.said, self.choices = "", list[dict[str, str]]()
        self._entities: dict[str, str] = {}
        self._begun, self._in_form = False, True
        self._events: list[dict[str, Any]] = []

    def walk(self, *texts: Turn, **entities: str) -> str:
        """Sends the texts one by one (a pair is text and intent); returns the last answer.

        `entities`: those that the model finds in the last text.
        """

        async def all_of_it() -> None:
            case.use(self._database)
            try:
                if not self._begun:
                    await self._begin()
                    await self._turn(None, "inform")
                    self._begun = True
                for place, each in enumerate(texts, 1):
                    self._entities = entities if place == len(texts) else {}
                    await self._turn(*((each, "inform") if isinstance(each, str) else each))
            finally:
                await self._database.close()

        asyncio.run(all_of_it())
        return self.said

    def choose(self, action: case.CaseAction, payload: str) -> str:
        """Takes a choice that this action answers; returns the answer. The client has walked before."""
        heard = of_choice(payload, "1")
        self._entities = {name: str(values[0]) for name, values in heard.entities.items()}
        self.said, self.choices = "", []

        async def one() -> None:
            case.use(self._database)
            try:
                await self._text("1")
                await self._run(action, payload, heard.intent)
                if action is self.form:
                    await self._run(AskStep(), payload, heard.intent)
            finally:
                await self._database.close()

        asyncio.run(one())
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
            session.add(Client(id=self.client_id, language=self._language, zone=self._zone))
            await session.flush()
            session.add(Conversation(id=self._conversation, client_id=self.client_id, channel="sms"))
            await session.flush()
            for fact, value in self._told.items():
                await answers.record(session, self.client_id, fact, value, at=clock.now())

    async def _turn(self, text: str | None, intent: str, action: type[case.CaseAction] | None = None) -> None:
        await self._text(text or "hi")
        before, in_form = dict(self._slots), self._in_form
        for _ in range(self.tries):
            self._slots, self._in_form = dict(before), in_form
            self.said, self.choices, self._offered = "", [], list[dict[str, str]]()
            await self._one_turn(text, intent, action)
        self._events.append({"event": "user", "text": text or "", "parse_data": self._parsed(text or "", intent)})
        async with self._database.session() as session:
            about = {"direction": OUT, "author": ASSISTANT, "text": self.said, "status": "delivered"}
            session.add(
                Message(id=new_id(), conversation_id=self._conversation, choices=self._offered or None, **about)
            )

    async def _one_turn(self, text: str | None, intent: str, action: type[case.CaseAction] | None) -> None:
        taken: list[dict[str, Any]] = []
        if self._in_form and text is not None:
            taken = await self._run(ValidateIntakeForm(), text, intent)
        if action is not None and not taken:
            events = await self._run(action(), text or "", intent)
            if not any(each.get("event") == "followup" for each in events):
                return
            self._in_form = True
        if self._slots.get(STEP) != DONE:
            await self._run(AskStep(), text or "", intent)
        if self._slots.get(STEP) == DONE or self._slots.pop(REQUESTED, "") is None:
            self._in_form, self._slots[STEP] = False, None
            await self._run(WalkedThrough(), text or "", intent)

    async def _text(self, text: str) -> None:
        self._turn_id = new_id()
        async with self._database.session() as session:
            about = {"direction": IN, "author": CLIENT, "text": text, "status": "handled"}
            session.add(Message(id=self._turn_id, conversation_id=self._conversation, **about))

    def _parsed(self, text: str, intent: str) -> dict[str, Any]:
        found = [{"entity": name, "value": value} for name, value in self._entities.items()]
        return {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": found}

    async def _run(self, action: case.CaseAction, text: str, intent: str) -> list[dict[str, Any]]:
        message = self._parsed(text, intent)
        tracker = Tracker(
            sender_id=str(self._conversation),
            slots=dict(self._slots),
            latest_message={**message, "metadata": {"turn": str(self._turn_id), "words": text}},
            events=list(self._events),
            paused=False,
            followup_action=None,
            active_loop={"name": case.FORM if self._in_form else None},
            latest_action_name="action_listen",
        )
        dispatcher = CollectingDispatcher()
        events = await action.run(dispatcher, tracker, {})
        for event in events:
            if event.get("event") == "active_loop":
                self._in_form = event["name"] is not None
            if event.get("event") == "slot":
                self._slots[event["name"]] = event["value"]
        for message in dispatcher.messages:
            self._offered = message.get("buttons") or []
            self.choices = self._offered or self.choices
            lines = [
                message["text"],
                *(f"{n} {each['title']}" for n, each in enumerate(message.get("buttons") or (), 1)),
            ]
            self.said += "\n".join(lines) + "\n"
        return events
