"""STOP, START and HELP: what carriers and law give a meaning to, before anything else but danger.

The words are data (`data/delivery/keywords.toml`). Twilio may handle them itself and say so by OptOutType; then it has
answered the client already and the line only records.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import ASSISTANT, OUT, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.delivery.keyword_words import HELP, STOP, Keyword, recognise
from casework.wording import say

__all__ = ["HELP", "STOP", "Keyword", "act", "opt_out", "recognise"]


async def act(
    session: AsyncSession, client: Client, conversation: Conversation, keyword: Keyword, *, at: datetime
) -> bool:
    """Does what the keyword means. False where it is none here (a YES of somebody who is not opted out)."""
    match keyword.name:
        case "stop":
            await opt_out(session, client, at)
            if not keyword.answered:
                await _tell(session, client, conversation, "utter_stopped", even_if_opted_out=True)
            return True
        case "start" | "yes" if client.opted_out_at is not None:
            client.opted_out_at = None
            if not keyword.answered:
                await _tell(session, client, conversation, "utter_started")
            await _resume(session, client, conversation)
            return True
        case "help":
            if not keyword.answered:
                await _tell(session, client, conversation, "utter_help")
            return True
        case _:
            return False


async def opt_out(session: AsyncSession, client: Client, at: datetime) -> None:
    """No more texts: recorded, and what waits to be sent is dropped.

    A message that is being put into the outbox at this very moment is not seen here; it is dropped when its turn to be
    sent comes (`sending`), as are reminders.
    """
    if client.opted_out_at is None:
        client.opted_out_at = at
    conversations = Conversation.__table__
    await session.execute(
        update(Message)
        .where(
            Message.direction == OUT,
            Message.status == "queued",
            Message.conversation_id == conversations.c.id,
            conversations.c.client_id == client.id,
            conversations.c.channel == "sms",
        )
        .values(status="dropped")
    )


async def _tell(
    session: AsyncSession, client: Client, conversation: Conversation, response: str, *, even_if_opted_out: bool = False
) -> None:
    from casework.settings import get_settings

    text = say(response, client.language, agency=get_settings().agency_name).text
    await outbox.put(session, client, conversation, text, author=SYSTEM, even_if_opted_out=even_if_opted_out)


async def _resume(session: AsyncSession, client: Client, conversation: Conversation) -> None:  # noqa: ARG001
    """Goes on where they were: the keyword itself becomes the turn `resume` of the assistant."""
    if conversation.owner == ASSISTANT:
        await jobs.defer(
            session,
            "resume",
            queue="turns",
            lock=f"conversation:{conversation.id}",
            priority=jobs.REPLY,
            conversation_id=conversation.id,
        )
