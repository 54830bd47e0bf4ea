"""What the provider says later became of a message. Callbacks come in any order; a message only moves forward."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, jobs
from casework.conversations.tables import ASSISTANT, Message
from casework.delivery.provider_errors import passes
from casework.delivery.sending import not_delivered
from casework.storage import notify

log = structlog.get_logger(__name__)
AGAIN = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))  # before an undelivered text is sent again
# `dropped` is never sent, but a message may be dropped while the provider already has it: what it says then holds.
_ORDER = {"queued": 0, "dropped": 0, "sending": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3}
# Twilio's words for a message's state, as ours.
# Whatever it calls its own first steps, the message has been handed over.
_FROM_PROVIDER = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


async def record(
    session: AsyncSession,
    provider_id: str,
    status: str,
    error_code: int | None,
    message_id: uuid.UUID | None = None,
) -> bool:
    """Moves the message forward. False if no such message is known (yet).

    `message_id` is our own, which the callback carries: with it a message that was being handed over when something
    died is known to have arrived, and is not sent again.
    """
    message = await _message(session, provider_id, message_id)
    if message is None:
        return False
    reached = _FROM_PROVIDER.get(status)
    if reached is None or _ORDER[reached] <= _ORDER.get(message.status, 0):
        return True
    message.status = reached
    message.sent_at = message.sent_at or clock.now()
    if error_code:
        message.error_code = error_code
    if reached in ("undelivered", "failed") and not await _again_later(session, message, error_code):
        await not_delivered(session, message, error_code)
    await notify(session, kind="status", conversation=message.conversation_id)
    return True


async def _again_later(session: AsyncSession, message: Message, error_code: int | None) -> bool:
    """A phone that was off may be on later. Until then the message shows as what it is: not delivered."""
    if not passes(error_code) or message.attempts > len(AGAIN):
        return False
    pause = AGAIN[max(message.attempts, 1) - 1]
    await jobs.defer(session, "send_again", queue="sms", at=clock.now() + pause, message_id=message.id)
    return True


async def again(session: AsyncSession, message_id: uuid.UUID) -> None:
    """The job "send_again": puts a message that was not delivered back into the outbox."""
    message = await session.get(Message, message_id, with_for_update=True)
    if message is None or message.status not in ("undelivered", "failed") or await _gone_on(session, message):
        return
    message.status, message.provider_id = "queued", None
    # No lock: what the client was told since then need not wait for it.
    await jobs.defer(session, "send_sms", queue="sms", message_id=message.id)
    await notify(session, kind="status", conversation=message.conversation_id)


async def _gone_on(session: AsyncSession, message: Message) -> bool:
    """Whether the assistant has said something newer, in a later turn: a question from before it would confuse."""
    newer = select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.seq > message.seq,
        Message.author == ASSISTANT,
        Message.in_reply_to != message.in_reply_to,
        Message.status.in_(("sending", "sent", "delivered")),
    )
    return message.author == ASSISTANT and await session.scalar(newer.limit(1)) is not None


async def _message(session: AsyncSession, provider_id: str, message_id: uuid.UUID | None) -> Message | None:
    by_provider = select(Message).where(Message.provider_id == provider_id).with_for_update()
    message = (await session.execute(by_provider)).scalar_one_or_none()
    if message is not None or message_id is None:
        return message
    by_ours = select(Message).where(Message.id == message_id, Message.direction == "out").with_for_update()
    message = (await session.execute(by_ours)).scalar_one_or_none()
    if message is None:
        return None
    if message.provider_id is None:
        message.provider_id = provider_id
    elif message.provider_id != provider_id:
        # Two of the same words were interchanged, or it went out twice: worth a look either way.
        log.warning("callback_of_another_text", message=str(message.id))
        return None
    return message
