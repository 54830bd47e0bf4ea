"""What is to be said to a client: stored, and sent by the worker. One transaction with whatever caused it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import OUT, SMS, Client, Conversation, Message
from casework.storage import new_id, notify


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

    `author` is `assistant`, `person` or `system`. `hold_back` keeps the message for staff to see and sends nothing.
    `urgent` messages (crisis) overtake everything that waits to be sent. A client who opted out of texts gets none;
    the message is kept as dropped, so that staff see what was not said.
    """
    opted_out = conversation.channel == SMS and client.opted_out_at is not None and not even_if_opted_out
    dropped = hold_back or opted_out
    by_sms = conversation.channel == SMS
    message_id = (
        await session.execute(
            insert(Message)
            .values(
                id=new_id(),
                conversation_id=conversation.id,
                direction=OUT,
                author=author,
                text=text,
                choices=list(choices) or None,
                staff_id=staff_id,
                in_reply_to=in_reply_to,
                position=position,
                # A chat message is sent once it is stored: sockets read it from here.
                status="dropped" if dropped else "queued" if by_sms else "sent",
            )
            .on_conflict_do_nothing(index_elements=["in_reply_to", "position"])
            .returning(Message.id)
        )
    ).scalar_one_or_none()
    if message_id is None:
        return None
    if by_sms and not dropped:
        await jobs.defer(
            session,
            "send_sms",
            queue="crisis" if urgent else "sms",
            # An urgent message does not wait for its turn behind others.
            lock=None if urgent else f"send:{conversation.id}",
            priority=jobs.CRISIS if urgent else jobs.REPLY,
            message_id=message_id,
        )
    await notify(session, kind="message", conversation=conversation.id)
    return message_id
