"""What the provider says later became of a message. Callbacks come in any order; a message only moves forward."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations import people
from casework.conversations.tables import Message
from casework.delivery.sending import OPTED_OUT
from casework.storage import notify

log = structlog.get_logger(__name__)
# `dropped` is never sent, but a message may be dropped while the provider already has it: what it says then holds.
_ORDER = {"queued": 0, "dropped": 0, "sending": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3}
# Twilio's words for a message's state, as ours.
_FROM_PROVIDER = {
    "accepted": "sending",
    "scheduled": "sending",
    "queued": "sending",
    "sending": "sending",
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
    # The provider has it: for us "being sent" is over, whatever it calls its own first steps.
    message.status = "sent" if reached == "sending" else reached
    message.sent_at = message.sent_at or clock.now()
    if error_code:
        message.error_code = error_code
    if error_code == OPTED_OUT:
        found = await people.by_id(session, message.conversation_id)
        if found is not None and found[0].opted_out_at is None:
            found[0].opted_out_at = clock.now()
    await notify(session, kind="status", conversation=message.conversation_id)
    return True


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
