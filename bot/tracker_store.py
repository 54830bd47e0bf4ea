"""The conversations as the dialogue model knows them, encrypted, in Postgres.

It is Rasa's SQLTrackerStore with a table of its own. `data`, all that an event says, is ciphertext: MultiFernet with
the keys of GUIDEPOST_BOT_KEYS (divided by commas, the newest first; the newest writes, all read). Plain are the
conversation's random id, the message's random id, the kind of event, the action's name and the time.
`intent_name` stays empty: it is what the client said, in one word.

A conversation may go on for months, and Rasa replays all of it at every action. So after TURNS_KEPT turns a row of
the kind `past` is written, which stands in for all but the last TURNS_READ: the slots, the open form. The rows
before it stay and are not read; an answer given then is still found by its message id.

A message id is unique in a conversation. When another process has added to the conversation since it was read, saving
is refused: Rasa would keep the wrong part of the turn.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, MultiFernet
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import Session, sessionmaker

from bot.turns import TurnFailed

KEYS = "GUIDEPOST_BOT_KEYS"
_IDS = "ids_in_store"
PAST = "past"  # the kind of a row that stands in for what was before
TURNS_READ, TURNS_KEPT = 12, 30
_ONE_AT_A_TIME = 7_170_002  # advisory lock: two servers may make the table at once


class KeysMissing(Exception):
    """No usable key to encrypt conversations with."""


def keyring() -> MultiFernet:
    """Raises KeysMissing."""
    keys = [key.strip() for key in os.environ.get(KEYS, "").split(",") if key.strip()]
    if not keys:
        raise KeysMissing(f"{KEYS} is not set: Fernet keys, divided by commas, the newest first.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise KeysMissing(f"{KEYS} must be Fernet keys (32 bytes, base64), divided by commas.") from error


class EncryptedTrackerStore(SQLTrackerStore):
    Base: Any = declarative_base()

    class SQLEvent(Base):
        __tablename__ = "events"
        __table_args__ = (
            sa.Index("events_of_a_conversation", "sender_id", "id"),
            sa.Index(
                "a_message_is_handled_once",
                "sender_id",
                "message_id",
                unique=True,
                postgresql_where=sa.text("message_id is not null"),
            ),
        )

        id = sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
        sender_id = sa.Column(sa.String(255), nullable=False)
        message_id = sa.Column(sa.String(255))
        type_name = sa.Column(sa.String(255), nullable=False)
        timestamp = sa.Column(sa.Float)
        intent_name = sa.Column(sa.String(255))
        action_name = sa.Column(sa.String(255))
        data = sa.Column(sa.LargeBinary, nullable=False)

    def __init__(  # the base's own one makes an engine for fifty connections and waits for a database without end
        self,
        domain: Domain | None = None,
        host: str = "",
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """`host` is the database's whole address, as Rasa passes `url` of endpoints.yml."""
        self._keys = keyring()
        # Queries run on the one event loop, one at a time.
        self.engine = sa.create_engine(host, pool_size=1, max_overflow=2, pool_pre_ping=True, pool_recycle=600)
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
            self.Base.metadata.create_all(connection)
        self.sessionmaker = sessionmaker(bind=self.engine)
        TrackerStore.__init__(self, domain, event_broker, **kwargs)

    @contextmanager
    def session_scope(self) -> Generator[Session, None, None]:
        """The base's one ends the whole process at a ValueError."""
        session = self.sessionmaker()
        try:
            yield session
        finally:
            session.close()

    # -- reading ------------------------------------------------------------------------------------------------------
    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            past = None if fetch_events_from_all_sessions else self._last_past(session, sender_id)
            start = 0 if fetch_events_from_all_sessions else self._session_start(session, sender_id)
            if past and past["until"] >= start:
                start = past["until"] + 1
            else:
                past = None
            query = sa.select(self.SQLEvent.id, self.SQLEvent.data).where(
                self.SQLEvent.sender_id == sender_id, self.SQLEvent.id >= start, self.SQLEvent.type_name != PAST
            )
            rows = session.execute(query.order_by(self.SQLEvent.id)).all()
        if not rows:
            return None
        events = (past["events"] if past else []) + [self._opened(data) for _, data in rows]
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        _mark(tracker, [0] * (len(events) - len(rows)) + [row_id for row_id, _ in rows])
        return tracker

    def _last_past(self, session: Session, sender_id: str) -> dict[str, Any] | None:
        data = session.execute(
            sa.select(self.SQLEvent.data)
            .where(self.SQLEvent.sender_id == sender_id, self.SQLEvent.type_name == PAST)
            .order_by(self.SQLEvent.id.desc())
            .limit(1)
        ).scalar()
        return self._opened(data) if data is not None else None

    def _session_start(self, session: Session, sender_id: str) -> int:
        """The id of the last session's first event. Rasa compares times, which two events may share."""
        found = session.execute(
            sa.select(sa.func.max(self.SQLEvent.id)).where(
                self.SQLEvent.sender_id == sender_id, self.SQLEvent.type_name == SessionStarted.type_name
            )
        ).scalar()
        return found or 0

    async def answer_to(self, sender_id: str, message_id: str) -> list[Event] | None:
        """The bot's words after that message and before the next; None when the message was not handled."""
        events = self.SQLEvent
        with self.session_scope() as session:
            asked = session.execute(
                sa.select(events.id).where(events.sender_id == sender_id, events.message_id == message_id)
            ).scalar()
            if asked is None:
                return None
            spoken = sa.select(events.type_name, events.data).where(
                events.sender_id == sender_id,
                events.id > asked,
                events.type_name.in_((BotUttered.type_name, UserUttered.type_name)),
            )
            answer: list[Event] = []
            for type_name, data in session.execute(spoken.order_by(events.id)):
                if type_name == UserUttered.type_name:
                    break
                event = Event.from_parameters(self._opened(data))
                if event:
                    answer.append(event)
            return answer

    # -- writing ------------------------------------------------------------------------------------------------------
    async def save(self, tracker: DialogueStateTracker) -> None:
        """Adds what is new. Raises TurnFailed when the conversation was added to since it was read."""
        await self.stream_events(tracker)
        with self.session_scope() as session:
            if self.engine.dialect.name == "postgresql":
                session.execute(
                    sa.text("select pg_advisory_xact_lock(hashtextextended(:sender, 0))"), {"sender": tracker.sender_id}
                )
            ids = getattr(tracker, _IDS, [])
            last_id = max(ids, default=0)
            if self._last_id(session, tracker.sender_id) != last_id:
                raise TurnFailed("conversation_moved_on")
            rows = [self._row(tracker.sender_id, event) for event in islice(tracker.events, len(ids), None)]
            session.add_all(rows)
            try:
                session.flush()
                ids = ids + [row.id for row in rows]
                past = _past(tracker, ids, self.domain)
                if past:
                    session.add(self._past_row(tracker.sender_id, past))
                session.commit()
            except sa.exc.IntegrityError as error:
                raise TurnFailed("conversation_moved_on") from error
        _mark(tracker, ids)

    def _last_id(self, session: Session, sender_id: str) -> int:
        found = session.execute(
            sa.select(sa.func.max(self.SQLEvent.id)).where(
                self.SQLEvent.sender_id == sender_id, self.SQLEvent.type_name != PAST
            )
        )
        return found.scalar() or 0

    def _row(self, sender_id: str, event: Event) -> Any:
        data = event.as_dict()
        return self.SQLEvent(
            sender_id=sender_id,
            message_id=event.message_id if isinstance(event, UserUttered) else None,
            type_name=event.type_name,
            timestamp=event.timestamp,
            action_name=data.get("name") if event.type_name == "action" else None,
            data=self._keys.encrypt(json.dumps(data).encode()),
        )

    def _past_row(self, sender_id: str, past: dict[str, Any]) -> Any:
        return self.SQLEvent(sender_id=sender_id, type_name=PAST, data=self._keys.encrypt(json.dumps(past).encode()))

    def _opened(self, data: bytes) -> Any:
        return json.loads(self._keys.decrypt(bytes(data)))


def _mark(tracker: DialogueStateTracker, ids: list[int]) -> None:
    """Writes on the tracker the ids of its stored events, in their order; 0 for one that is of the past."""
    setattr(tracker, _IDS, ids)


def _past(tracker: DialogueStateTracker, ids: list[int], domain: Domain) -> dict[str, Any] | None:
    """What the conversation came to before its last TURNS_READ turns, once it has twice as many and more.

    `until` is the id of the last event that need not be read any more; `events` are what stands in for all of them: the
    slots as they were, the form that was open. That is how Rasa begins a new session, which alone would lose the form.
    """
    events = list(tracker.events)
    turns = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) <= TURNS_KEPT:
        return None
    cut = turns[-TURNS_READ]
    if not ids[cut - 1] or not _listening(events[cut - 1]):
        return None
    before = DialogueStateTracker.from_events(tracker.sender_id, events[:cut], domain.slots)
    if before.is_paused():
        return None
    stand_in: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    stand_in += [SlotSet(slot.name, slot.value) for slot in before.slots.values() if slot.value != slot.initial_value]
    if before.active_loop_name:
        stand_in.append(ActiveLoop(before.active_loop_name))
    stand_in.append(ActionExecuted(ACTION_LISTEN_NAME))
    for event in stand_in:
        event.timestamp = events[cut - 1].timestamp
    return {"until": ids[cut - 1], "events": [event.as_dict() for event in stand_in]}


def _listening(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
