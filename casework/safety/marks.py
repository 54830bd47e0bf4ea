"""Staff say whether the detector was right; what they say can become training data.

An exported line holds the client's own words: it is to be read, names and places changed, before it is added to
`data/safety/train`. That is why nothing here writes it there.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import IN, Client, Conversation, Message
from casework.errors import NotFound
from casework.safety.levels import LEVELS, NONE
from casework.safety.response import IN_A_ROW, READ_WITH
from casework.safety.tables import SafetyAssessment
from casework.understanding import language


async def mark(
    session: AsyncSession, message_id: uuid.UUID, level: str, staff_id: uuid.UUID, at: datetime
) -> SafetyAssessment:
    """Staff say what the message was; a later mark replaces it. Raises NotFound, ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"a mark is one of {', '.join(LEVELS)}, not {level!r}")
    assessment = await session.get(SafetyAssessment, message_id)
    if assessment is None:
        raise NotFound("There is no such assessment.")
    assessment.mark, assessment.marked_by, assessment.marked_at = level, staff_id, at
    return assessment


async def export_marks(session: AsyncSession) -> AsyncIterator[str]:
    """Every marked message as a line of training data: `level|kinds|language|text`, earlier texts of the same minutes
    first. A mark does not name kinds; those that were assessed are kept.
    """
    rows = await session.execute(
        select(SafetyAssessment, Message, Client)
        .join(Message, Message.id == SafetyAssessment.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Client, Client.id == Conversation.client_id)
        .where(SafetyAssessment.mark.is_not(None))
        .order_by(SafetyAssessment.marked_at)
    )
    for assessment, message, client in rows:
        earlier = await session.scalars(
            select(Message.text)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.direction == IN,
                Message.seq < message.seq,
                Message.created_at > message.created_at - IN_A_ROW,
            )
            .order_by(Message.seq.desc())
            .limit(READ_WITH)
        )
        texts = [*reversed(earlier.all()), message.text]
        kinds = "-" if assessment.mark == NONE else ",".join(assessment.kinds) or "-"
        spoken = language.guess(" ".join(texts)) or client.language
        yield f"{assessment.mark}|{kinds}|{spoken}|{' // '.join(_one_line(text) for text in texts)}"


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").replace("//", "/").split())
