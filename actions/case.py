"""What an action works with: the client's case in one transaction, and a voice in the client's language.

Every action is a `CaseAction`. It says nothing of its own wording: texts are responses of `domain.yml`, in the client's
language. What must not be lost if the turn is tried again (that the client was welcomed, what was asked) stays in the
tracker, which is saved with the whole turn or not at all; what is written to the database is written once, and the same
answer given again when a turn is tried again (`actions/once.py`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict
from sqlalchemy.ext.asyncio import AsyncSession

from actions.once import Call
from casework import clock, screening
from casework.conversations import people
from casework.conversations.tables import Client, Conversation
from casework.errors import NotFound
from casework.intake import answers as told
from casework.intake import walk
from casework.intake.answers import Answers
from casework.scheduling import booking
from casework.settings import get_settings
from casework.storage import Database
from casework.understanding.heard import Heard, heard_from
from casework.wording import say

Events = list[dict[str, Any]]
FORM = "intake_form"
ASKING = "asking"  # slot: the question that is open
ASKED_TIMES = "asked_times"  # slot: how often it was asked in a row
LOST = "lost_times"  # slot: how often in a row nothing was understood
QUIET = "quiet"  # slot: the turn in which the open question is not to be asked again
SHOWN_PROGRAMS = "programs_shown"  # slot: ids of the programs shown last, in their order
SEEN_PROGRAMS = "programs_seen"  # slot: ids shown before, not to be shown again until one was chosen


class _Process:
    """The process's database, set once by the server (or a test)."""

    database: Database | None = None


def use(database: Database) -> None:
    """Tells the actions of this process which database they work on."""
    _Process.database = database


@dataclass
class Case:
    """One client's case during one action."""

    session: AsyncSession
    client: Client
    conversation: Conversation
    dispatcher: CollectingDispatcher
    tracker: Tracker
    turn_id: uuid.UUID
    at: datetime
    heard: Heard
    words: str
    answers: Answers
    events: Events = field(default_factory=list)  # what an action's helpers want remembered besides its own events

    @property
    def language(self) -> screening.Language:
        return "es" if self.client.language == "es" else "en"

    @property
    def asking(self) -> str | None:
        return self.tracker.get_slot(ASKING)

    @property
    def in_form(self) -> bool:
        return bool(self.tracker.active_loop_name == FORM)

    @property
    def metadata(self) -> dict[str, Any]:
        return dict(self.tracker.latest_message.get("metadata") or {})

    def say(self, response: str, *, choices: list[dict[str, str]] | None = None, **values: object) -> None:
        """Says a response of `domain.yml`, with its own choices or those given."""
        wording = say(response, self.language, agency=get_settings().agency_name, **values)
        self.tell(wording.text, choices if choices is not None else list(wording.choices))

    def tell(self, text: str, choices: list[dict[str, str]] | None = None) -> None:
        """Says a text that was put together from responses and data."""
        self.dispatcher.utter_message(text=text, buttons=choices or None)

    def word(self, response: str, **values: object) -> str:
        """A piece of wording, to put together with others."""
        return say(response, self.language, **values).text

    def slot(self, name: str) -> Any:
        """A slot as it is now, with what this very action has set."""
        for event in reversed(self.events):
            if event.get("event") == "slot" and event.get("name") == name:
                return event["value"]
        return self.tracker.get_slot(name)

    def remember(self, name: str, value: Any) -> None:
        """Sets a slot."""
        self.events.append(SlotSet(name, value))

    def ask_nothing_more(self) -> Events:
        """Leaves the open question unasked in this turn: what was said has choices, or wants room, of its own.

        The form stays open, so an answer to its question is still taken, now or days later.
        """
        return [SlotSet(QUIET, str(self.turn_id))]

    async def forget(self, *facts: str) -> None:
        """Takes answers back: their questions are open again."""
        await told.forget(self.session, self.client.id, *facts, at=self.at)
        self.answers = await told.current(self.session, self.client.id)

    async def record(
        self, fact: str, value: Any, *, origin: str = "said", source: tuple[uuid.UUID | None, str] | None = None
    ) -> None:
        """Writes an answer to the case, and takes back what depends on it if it changed.

        `source` is the message it was told in and its words, where that is not the message of this turn.
        """
        message_id, words = source or (self.turn_id, self.words)
        changed = fact in self.answers and self.answers[fact] != value
        await told.record(
            self.session,
            self.client.id,
            fact,
            value,
            at=self.at,
            words=words or None,
            message_id=message_id,
            origin=origin,
        )
        if changed:
            await self._fallen(fact)
            await told.forget(self.session, self.client.id, *walk.depends_on(fact), at=self.at)
        self.answers = await told.current(self.session, self.client.id)

    async def _fallen(self, fact: str) -> None:
        """What falls with this answer is let go: an opening that was held, the programs that were shown."""
        if walk.OPENING in walk.depends_on(fact):
            await self.let_go_of_held()
        if walk.PROGRAM in walk.depends_on(fact):
            self.remember(SHOWN_PROGRAMS, None)
            self.remember(SEEN_PROGRAMS, None)

    async def let_go_of_held(self) -> None:
        """Gives an opening that is held for the client free again, if there is one."""
        held = await booking.held(self.session, self.client.id, self.at)
        if held is not None:
            await booking.let_go(self.session, held.id, at=self.at)


def _heard(tracker: Tracker) -> Heard:
    words = (tracker.latest_message.get("metadata") or {}).get("words")
    return heard_from(tracker.latest_message, None if words is None else str(words))


class CaseAction(Action):
    """An action on one client's case, in one transaction. Subclasses set `named` and write `act`."""

    named: str

    def name(self) -> str:
        return self.named

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:  # noqa: ARG002
        assert _Process.database is not None, "actions.case.use() was not called"
        async with _Process.database.session() as session:
            found = await people.by_id(session, uuid.UUID(tracker.sender_id))
            if found is None:
                raise NotFound("no such conversation")
            client, conversation = found
            call = Call.of(tracker, self.named)
            earlier = await call.earlier(session) if call else None
            if earlier is not None:
                dispatcher.messages.extend(earlier["responses"])
                return list(earlier["events"])
            heard = _heard(tracker)
            metadata = tracker.latest_message.get("metadata") or {}
            case = Case(
                session=session,
                client=client,
                conversation=conversation,
                dispatcher=dispatcher,
                tracker=tracker,
                turn_id=uuid.UUID(metadata["turn"]) if "turn" in metadata else uuid.uuid4(),
                at=clock.now(),
                heard=heard,
                words=heard.text,
                answers=await told.current(session, client.id),
            )
            self._welcome(case)
            own = await self.act(case)
            events = [*case.events, *own]
            if call:
                await call.keep(session, {"events": events, "responses": dispatcher.messages})
            return events

    async def act(self, case: Case) -> Events:
        raise NotImplementedError

    def _welcome(self, case: Case) -> None:
        """The first words of every conversation, whatever it begins with: what this is, and what it is not."""
        if not case.tracker.get_slot("welcomed"):
            case.say("utter_welcome")
            case.remember("welcomed", True)
