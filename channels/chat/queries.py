"""What the chat reads of a conversation. What was held back for staff to see (`dropped`) is never shown."""

from __future__ import annotations

import uuid
from collections.abc import Container

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import OUT, Conversation, Message

HISTORY = 200  # messages shown on resume
_OFFERS = 10  # outgoing messages back in which a choice is still open


async def history(session: AsyncSession, conversation_id: uuid.UUID, index: bytes) -> list[Message]:
    """The newest messages, the oldest of them first. `index` is that of the token, which must open the conversation."""
    newest = await session.execute(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.id == conversation_id, Conversation.session_index == index, Message.status != "dropped")
        .order_by(Message.seq.desc())
        .limit(HISTORY)
    )
    return list(newest.scalars())[::-1]


async def unseen(
    session: AsyncSession, conversation_id: uuid.UUID, index: bytes, after: int, seen: Container[uuid.UUID]
) -> list[Message]:
    """The messages with a `seq` greater than `after` that are not among `seen`, in order."""
    listed = await session.execute(
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.id == conversation_id,
            Conversation.session_index == index,
            Message.seq > after,
            Message.status != "dropped",
        )
        .order_by(Message.seq)
    )
    wanted = [message_id for message_id in listed.scalars() if message_id not in seen]
    if not wanted:
        return []
    rows = await session.execute(select(Message).where(Message.id.in_(wanted)).order_by(Message.seq))
    return list(rows.scalars())


async def moved(session: AsyncSession, conversation_id: uuid.UUID, index: bytes) -> bool:
    """Whether the conversation is there, and this token does not open it any more: it goes on by text."""
    rows = await session.execute(
        select(exists().where(Conversation.id == conversation_id, Conversation.session_index.is_distinct_from(index)))
    )
    return bool(rows.scalar())


async def title_offered(session: AsyncSession, conversation_id: uuid.UUID, payload: str) -> str | None:
    """The words of the choice with this payload, if one of the last messages to the client offered it."""
    rows = await session.execute(
        select(Message.choices)
        .where(Message.conversation_id == conversation_id, Message.direction == OUT, Message.status != "dropped")
        .order_by(Message.seq.desc())
        .limit(_OFFERS)
    )
    for choices in rows.scalars():
        for choice in choices or ():
            if choice["payload"] == payload:
                return str(choice["title"])
    return None


async def by_client_key(session: AsyncSession, conversation_id: uuid.UUID, key: uuid.UUID) -> Message | None:
    """The client's message that its page gave this id."""
    rows = await session.execute(
        select(Message).where(Message.conversation_id == conversation_id, Message.client_key == key)
    )
    return rows.scalar_one_or_none()
