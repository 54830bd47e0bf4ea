"""What is to be said to a client: stored, and sent by the worker. One transaction with whatever caused it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import OUT, SMS, Client, Conversation, Message
from casework.delivery import sms_text
from casework.storage import new_id, notify

_PIECE = 1_000  # between the positions of a long reply's pieces: above any number of replies of one turn


async def put(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    text: str,
    *,
    author: str,
    choices: Sequence[dict[str, str]] = (),
    in_reply_to: uuid.UUID | None = None,
    position: int | None = None,
    staff_id: uuid.UUID | None = None,
    hold_back: bool = False,
    urgent: bool = False,
    even_if_opted_out: bool = False,
) -> uuid.UUID | None:
    """Queues one message to the client; returns its id, or None if this reply of this turn is already there.

    What is too long for one text goes as several, cut between sentences; the id is that of the first.

    `author` is `assistant`, `person` or `system`. `hold_back` keeps the message for staff to see and sends nothing.
    `urgent` messages (crisis) overtake everything that waits to be sent. A client who opted out of texts gets none;
    the message is kept as dropped, so that staff see what was not said.
    """
    by_sms = conversation.channel == SMS
    opted_out = by_sms and client.opted_out_at is not None and not even_if_opted_out
    dropped = hold_back or opted_out
    pieces = sms_text.in_pieces(text, choices, client.language) if by_sms else [text]
    first: uuid.UUID | None = None
    for number, piece in enumerate(pieces):
        message_id = await _store(
            session,
            id=new_id(),
            conversation_id=conversation.id,
            direction=OUT,
            author=author,
            text=piece,
            choices=list(choices) or None if number == len(pieces) - 1 else None,
            staff_id=staff_id,
            in_reply_to=in_reply_to,
            position=position if position is None else position + number * _PIECE,
            # A chat message is sent once it is stored: sockets read it from here.
            status="dropped" if dropped else "queued" if by_sms else "sent",
        )
        if message_id is None:
            return None
        first = first or message_id
        if by_sms and not dropped:
            await defer_sending(
                session, conversation.id, message_id, urgent=urgent, even_if_opted_out=even_if_opted_out
            )
    await notify(session, kind="message", conversation=conversation.id)
    return first


async def _store(session: AsyncSession, **values: Any) -> uuid.UUID | None:
    statement = insert(Message).values(**values).on_conflict_do_nothing(index_elements=["in_reply_to", "position"])
    return (await session.execute(statement.returning(Message.id))).scalar_one_or_none()


async def defer_sending(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    message_id: uuid.UUID,
    *,
    urgent: bool = False,
    even_if_opted_out: bool = False,
) -> None:
    """Defers the job that hands the message over. Those of one conversation run one after the other, in order; urgent
    ones too, but behind each other only.
    """
    await jobs.defer(
        session,
        "send_sms",
        queue="crisis" if urgent else "sms",
        lock=f"{'crisis' if urgent else 'send'}:{conversation_id}",
        priority=jobs.CRISIS if urgent else jobs.REPLY,
        message_id=message_id,
        even_if_opted_out=even_if_opted_out,
    )
