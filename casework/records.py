"""What is done to whole records: erasing a client, purging the silent."""

from __future__ import annotations

import uuid
from datetime import timedelta

import phonenumbers
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations.tables import Client, Conversation
from casework.errors import GuidepostError
from casework.road import rules
from casework.road.tables import Case
from casework.scheduling.tables import Appointment, Waiting
from casework.staff.tables import AuditEvent
from casework.storage import blind_index


class NotANumber(GuidepostError):
    """The text is not a phone number."""


async def erase(session: AsyncSession, phone: str) -> bool:
    """Erases the client with this number. False if there is none."""
    try:
        parsed = phonenumbers.parse(phone, "US")
    except phonenumbers.NumberParseException as error:
        raise NotANumber("that is not a phone number; write it as +16125550123") from error
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    client_id = (
        await session.execute(select(Client.id).where(Client.phone_index == blind_index(number, "phone")))
    ).scalar_one_or_none()
    if client_id is None:
        return False
    await erase_client(session, client_id)
    return True


async def erase_client(session: AsyncSession, client_id: uuid.UUID) -> None:
    """Deletes the client and all that hangs on them, in the model server's schema too; that it was done is kept."""
    conversations = (
        (await session.execute(select(Conversation.id).where(Conversation.client_id == client_id))).scalars().all()
    )
    if (await session.execute(select(func.to_regclass("bot.events")))).scalar_one() is not None:
        await session.execute(
            text("delete from bot.events where sender_id = any(:ids)"), {"ids": [str(each) for each in conversations]}
        )
    await session.execute(delete(Waiting).where(Waiting.client_id == client_id))
    await session.execute(delete(Client).where(Client.id == client_id))
    session.add(AuditEvent(action="client.erased", detail={"conversations": len(conversations)}))


# Silent on the line, and yet in care: they meet their case manager elsewhere.
_WITH_PEOPLE = rules.STAGES[rules.STAGES.index(rules.ASSESSED) :]


async def purge(session: AsyncSession, days: int) -> int:
    """Erases clients whose last message is so many days old and who have no appointment ahead. Returns how many."""
    at = clock.now()
    last = (
        select(Conversation.client_id, func.max(Conversation.last_inbound_at).label("last"))
        .group_by(Conversation.client_id)
        .subquery()
    )
    ahead = select(Appointment.client_id).where(Appointment.status == "booked", Appointment.ends_at > at)
    silent = (
        await session.execute(
            select(Client.id)
            .outerjoin(last, last.c.client_id == Client.id)
            .where(
                func.coalesce(last.c.last, Client.created_at) < at - timedelta(days=days),
                Client.id.not_in(ahead),
                Client.id.not_in(select(Case.client_id).where(Case.stage.in_(_WITH_PEOPLE))),
            )
        )
    ).scalars()
    count = 0
    for client_id in silent.all():
        await erase_client(session, client_id)
        count += 1
    return count
