"""Handing one queued message to the SMS provider: once, whatever dies in the middle.

    queued -> sending -> sent
                      -> failed      the provider will never take it (a table says for which codes)
              sending -> queued      it may pass later: tried again with growing pauses

`sending` is written before the provider is called. A message found in that state was being sent when something died;
then the provider is asked what it has before anything is sent again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations import people
from casework.conversations.tables import Message
from casework.delivery import sms_text
from casework.errors import GuidepostError
from casework.storage import Database, notify

OPTED_OUT = 21610
TOO_OLD = timedelta(hours=12)  # a reply that late answers nobody; staff see it as dropped
PAUSES = (2, 10, 30, 120, 600, 1800)  # seconds before the next try


class ProviderRefused(GuidepostError):
    """The provider did not take a message. `code` is its error code, `passing` whether it may be tried again."""

    def __init__(self, code: int | None, *, passing: bool) -> None:
        super().__init__(f"provider error {code}")
        self.code = code
        self.passing = passing


class SmsProvider(Protocol):
    """What the outbox needs of whoever carries SMS."""

    async def send(self, *, to: str, body: str, message_id: uuid.UUID) -> str:
        """Sends, and returns the provider's id. Raises ProviderRefused."""
        ...

    async def find(self, *, to: str, body: str, since: datetime) -> str | None:
        """The provider's id of a message with this text to this number since then, if it has one."""
        ...


@dataclass(frozen=True)
class _Parcel:
    message_id: uuid.UUID
    conversation_id: uuid.UUID
    to: str
    body: str
    created_at: datetime
    interrupted: bool


async def send(database: Database, provider: SmsProvider, message_id: uuid.UUID) -> timedelta | None:
    """Sends the message if it is still to be sent. Returns the pause before the next try, or None when settled."""
    async with database.session() as session:
        parcel = await _take(session, message_id)
    if parcel is None:
        return None
    sid = None
    try:
        if parcel.interrupted:
            sid = await provider.find(to=parcel.to, body=parcel.body, since=parcel.created_at)
        sid = sid or await provider.send(to=parcel.to, body=parcel.body, message_id=message_id)
    except ProviderRefused as refusal:
        async with database.session() as session:
            return await _refused(session, message_id, refusal)
    async with database.session() as session:
        message = await session.get(Message, message_id, with_for_update=True)
        if message is not None:
            message.provider_id, message.sent_at = sid, clock.now()
            if message.status == "sending":  # a status callback may have been quicker
                message.status = "sent"
            await notify(session, kind="status", conversation=parcel.conversation_id)
    return None


async def _take(session: AsyncSession, message_id: uuid.UUID) -> _Parcel | None:
    message = (
        await session.execute(select(Message).where(Message.id == message_id).with_for_update())
    ).scalar_one_or_none()
    if message is None or message.status not in ("queued", "sending"):
        return None
    found = await people.by_id(session, message.conversation_id)
    if found is None or found[0].phone is None:
        return None
    client, _ = found
    interrupted = message.status == "sending"
    if not interrupted and clock.now() - message.created_at > TOO_OLD:
        message.status = "dropped"
        await notify(session, kind="status", conversation=message.conversation_id)
        return None
    message.status, message.attempts = "sending", message.attempts + 1
    body = sms_text.compose(message.text, message.choices or (), client.language)
    return _Parcel(message_id, message.conversation_id, client.phone or "", body, message.created_at, interrupted)


async def _refused(session: AsyncSession, message_id: uuid.UUID, refusal: ProviderRefused) -> timedelta | None:
    message = await session.get(Message, message_id, with_for_update=True)
    if message is None or message.status != "sending":
        return None
    message.error_code = refusal.code
    if refusal.passing and message.attempts <= len(PAUSES):
        message.status = "queued"
        return timedelta(seconds=PAUSES[message.attempts - 1])
    message.status = "failed"
    if refusal.code == OPTED_OUT:
        found = await people.by_id(session, message.conversation_id)
        if found is not None and found[0].opted_out_at is None:
            found[0].opted_out_at = clock.now()
    await notify(session, kind="status", conversation=message.conversation_id)
    return None
