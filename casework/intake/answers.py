"""A client's answers. Nothing is overwritten: a new answer supersedes the old one, so that staff see what changed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Answer
from casework.storage import new_id

Answers = dict[str, Any]  # fact or step -> value; None: preferred not to say; absent: not asked


async def current(session: AsyncSession, client_id: uuid.UUID) -> Answers:
    """What holds now, in the order in which it was told."""
    rows = await session.execute(
        select(Answer.fact, Answer.value)
        .where(Answer.client_id == client_id, Answer.superseded_at.is_(None))
        .order_by(Answer.created_at, Answer.id)
    )
    return dict(rows.tuples().all())


async def words(session: AsyncSession, client_id: uuid.UUID) -> dict[str, str]:
    """What the client wrote when they told each fact that holds now, word for word."""
    rows = await session.execute(
        select(Answer.fact, Answer.words).where(
            Answer.client_id == client_id, Answer.superseded_at.is_(None), Answer.words.is_not(None)
        )
    )
    return {fact: said for fact, said in rows.tuples() if said}


async def record(
    session: AsyncSession,
    client_id: uuid.UUID,
    fact: str,
    value: Any,
    *,
    at: datetime,
    words: str | None = None,
    message_id: uuid.UUID | None = None,
    origin: str = "said",
) -> None:
    """Writes an answer down (None: preferred not to say). The same answer again changes nothing."""
    known = (
        await session.execute(
            select(Answer)
            .where(Answer.client_id == client_id, Answer.fact == fact, Answer.superseded_at.is_(None))
            .with_for_update()
        )
    ).scalar_one_or_none()
    if known is not None:
        if known.value == value and known.origin == origin:
            return
        known.superseded_at = at
        await session.flush()
    session.add(
        Answer(
            id=new_id(),
            client_id=client_id,
            fact=fact,
            value=value,
            words=words,
            origin=origin,
            message_id=message_id,
            created_at=at,
        )
    )
    await session.flush()


async def forget(session: AsyncSession, client_id: uuid.UUID, *facts: str, at: datetime) -> None:
    """Takes these answers back: their questions are open again. Without `facts` nothing is taken back."""
    await session.execute(
        update(Answer)
        .where(Answer.client_id == client_id, Answer.superseded_at.is_(None), Answer.fact.in_(facts))
        .values(superseded_at=at)
    )


async def forget_all(session: AsyncSession, client_id: uuid.UUID, *, at: datetime) -> None:
    """Takes every answer back."""
    await session.execute(
        update(Answer).where(Answer.client_id == client_id, Answer.superseded_at.is_(None)).values(superseded_at=at)
    )


async def last_asked(session: AsyncSession, client_id: uuid.UUID) -> str | None:
    """The fact or step that was answered last."""
    return (
        await session.execute(
            select(Answer.fact)
            .where(Answer.client_id == client_id, Answer.superseded_at.is_(None), Answer.origin == "said")
            .order_by(Answer.created_at.desc(), Answer.id.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
