"""A client who texts or chats, for the tests of what the line does when there is danger."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from casework.conversations.people import by_phone, new_web_session
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import ASSISTANT, OUT, PERSON, Client, Conversation, Message
from casework.delivery import outbox
from casework.safety.tables import Alarm, SafetyAssessment
from casework.staff.tables import Staff
from casework.storage import Database, new_id


@dataclass
class Line:
    """One client's conversation over a real database. `now` is the test's clock; `say` receives a message."""

    database: Database
    channel: str = "sms"
    language: str = "en"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    client_id: uuid.UUID = field(default_factory=new_id)
    conversation_id: uuid.UUID = field(default_factory=new_id)

    def run(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        async def whole() -> Any:
            try:
                async with self.database.session() as session:
                    return await work(session)
            finally:
                await self.database.close()

        return asyncio.run(whole())

    def open(self) -> Line:
        async def work(session: Any) -> None:
            if self.channel == "sms":
                client, conversation = await by_phone(session, "+16125550111", "+16125550100")
            else:
                _, client, conversation = await new_web_session(session, self.language)
            client.language = self.language
            self.client_id, self.conversation_id = client.id, conversation.id

        self.run(work)
        return self

    def change(self, **values: Any) -> None:
        """Sets columns of the conversation, or of the client where that has them."""

        async def work(session: Any) -> None:
            conversation = await session.get_one(Conversation, self.conversation_id)
            client = await session.get_one(Client, self.client_id)
            for name, value in values.items():
                setattr(conversation if hasattr(conversation, name) else client, name, value)

        self.run(work)

    def say(self, words: str, payload: str | None = None, later: timedelta = timedelta(seconds=20)) -> list[Message]:
        """What the line puts out in answer, at once, to one message that comes `later`."""
        self.now += later

        async def work(session: Any) -> list[Message]:
            client = await session.get_one(Client, self.client_id)
            conversation = await session.get_one(Conversation, self.conversation_id)
            before = await session.scalar(text("select coalesce(max(seq), 0) from messages"))
            await receive(session, client, conversation, Inbound(words, payload=payload), at=self.now)
            await session.flush()
            rows = await session.scalars(
                select(Message).where(Message.direction == OUT, Message.seq > before).order_by(Message.seq)
            )
            return list(rows)

        return self.run(work)

    def write(self, words: str) -> None:
        """A member of staff writes to the client."""

        async def work(session: Any) -> None:
            client = await session.get_one(Client, self.client_id)
            conversation = await session.get_one(Conversation, self.conversation_id)
            await outbox.put(session, client, conversation, words, author=PERSON)

        self.run(work)

    def answered(self) -> None:
        """The assistant has had its turn: all that was said is answered."""

        async def work(session: Any) -> None:
            await session.execute(
                update(Message).where(Message.handled_at.is_(None)).values(handled_at=self.now, status="handled")
            )

        self.run(work)

    def offer(self, words: str, *titles: str) -> None:
        """The assistant asks, with choices."""

        async def work(session: Any) -> None:
            client = await session.get_one(Client, self.client_id)
            conversation = await session.get_one(Conversation, self.conversation_id)
            choices = [{"title": title, "payload": f"/{number}"} for number, title in enumerate(titles)]
            await outbox.put(session, client, conversation, words, author=ASSISTANT, choices=choices)

        self.run(work)

    def conversation(self) -> Conversation:
        async def work(session: Any) -> Any:
            return await session.get_one(Conversation, self.conversation_id)

        return self.run(work)

    def alarms(self) -> list[Alarm]:
        async def work(session: Any) -> Any:
            return list(await session.scalars(select(Alarm).order_by(Alarm.created_at)))

        return self.run(work)

    def assessments(self) -> list[SafetyAssessment]:
        async def work(session: Any) -> Any:
            return list(
                await session.scalars(
                    select(SafetyAssessment)
                    .join(Message, Message.id == SafetyAssessment.message_id)
                    .order_by(Message.seq)
                )
            )

        return self.run(work)

    def jobs(self, task: str) -> list[dict[str, Any]]:
        """The jobs of this name that wait, in order."""

        async def work(session: Any) -> Any:
            rows = await session.execute(
                text(
                    "select args, priority, queue_name, lock, scheduled_at from procrastinate_jobs"
                    " where task_name = :task order by id"
                ),
                {"task": task},
            )
            return [dict(row._mapping) for row in rows]

        return self.run(work)

    def staff(self) -> uuid.UUID:
        async def work(session: Any) -> uuid.UUID:
            person = Staff(
                id=new_id(), email=f"{uuid.uuid4()}@example.org", name="Ada", role="case_manager", password_hash="-"
            )
            session.add(person)
            await session.flush()
            return person.id

        return self.run(work)
