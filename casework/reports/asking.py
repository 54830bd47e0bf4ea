"""Which question of the walk was put to whom: where people stop is counted from it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework.reports.tables import QuestionAsked


async def asked(session: AsyncSession, client_id: uuid.UUID, question: str, at: datetime) -> None:
    """The question was put to the client. Of one asked again the first time is kept, and how often."""
    row = insert(QuestionAsked).values(client_id=client_id, question=question, asked_at=at, times=1)
    await session.execute(
        row.on_conflict_do_update(index_elements=["client_id", "question"], set_={"times": QuestionAsked.times + 1})
    )
