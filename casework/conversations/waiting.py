"""A client who asked for a person and writes on before one has come: they are not left in silence, nor stuck.

They are told, once in a while, that a person will answer; with CONTINUE the assistant goes on with them. They stay in
the queue either way. Once somebody has taken the client on or has written, nothing here speaks.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import ASSISTANT, OUT, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.handoff import presence
from casework.safety.levels import CRISIS
from casework.understanding.choices import fold
from casework.understanding.numbers import word_tables
from casework.wording import say

NOTE = "utter_person_not_yet"
AGAIN_AFTER = timedelta(minutes=30)  # so long after the last word of ours the client is told again


async def given_back(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, at: datetime
) -> bool:
    """Whether the assistant is to answer this message after all; else says that a person comes, where that is due."""
    if conversation.safety == CRISIS or not await presence.nobody_yet(session, conversation):
        return False  # in a crisis the line stays by itself; the assistant's words would be held back
    if fold(message.text) in map(fold, word_tables()["go_on"]["words"]):
        conversation.owner, conversation.owner_turn = ASSISTANT, None
        return True
    last = (
        await session.execute(
            select(Message)
            .where(Message.conversation_id == conversation.id, Message.direction == OUT, Message.seq < message.seq)
            .order_by(Message.seq.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    note = say(NOTE, client.language).text
    if last is None or last.text != note or at - last.created_at > AGAIN_AFTER:
        await outbox.put(session, client, conversation, note, author=SYSTEM)
    return False
