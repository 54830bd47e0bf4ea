"""What the provider says later became of a message. Callbacks come in any order; a message only moves forward."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations import people
from casework.conversations.tables import Message
from casework.delivery.sending import OPTED_OUT
from casework.storage import notify

_ORDER = {"queued": 0, "sending": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3, "dropped": 4}
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


async def record(session: AsyncSession, provider_id: str, status: str, error_code: int | None) -> bool:
    """Moves the message forward. False if no such message is known (the callback may come before the send returned)."""
    message = (
        await session.execute(select(Message).where(Message.provider_id == provider_id).with_for_update())
    ).scalar_one_or_none()
    if message is None:
        return False
    reached = _FROM_PROVIDER.get(status)
    if reached is None or _ORDER[reached] <= _ORDER.get(message.status, 0):
        return True
    message.status = reached
    if error_code:
        message.error_code = error_code
    if error_code == OPTED_OUT:
        found = await people.by_id(session, message.conversation_id)
        if found is not None and found[0].opted_out_at is None:
            found[0].opted_out_at = clock.now()
    await notify(session, kind="status", conversation=message.conversation_id)
    return True
