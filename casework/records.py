"""What is done to whole records: erasing a client, purging the silent."""

from __future__ import annotations

import uuid
from datetime import timedelta

import phonenumbers
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations.tables import Answer, Client, Conversation
from casework.errors import GuidepostError
from casework.handoff.tables import Handoff, Need, ScreeningRecord
from casework.reports.tables import QuestionAsked
from casework.road import rules
from casework.road.tables import Case
from casework.scheduling.freed import call_waiting
from casework.scheduling.tables import TAKING, Appointment, Waiting
from casework.staff.tables import AuditEvent
from casework.storage import blind_index


class NotANumber(GuidepostError):
    """The text is not a phone number."""


async def erase(session: AsyncSession, *, phone: str | None = None, client_id: uuid.UUID | None = None) -> bool:
    """Erases the client with this number or this id (a web chat has no number). False if there is none."""
    wanted = Client.id == client_id
    if phone is not None:
        try:
            parsed = phonenumbers.parse(phone, "US")
        except phonenumbers.NumberParseException as error:
            raise NotANumber("that is not a phone number; write it as +16125550123") from error
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        wanted = Client.phone_index == blind_index(number, "phone")
    found = (await session.execute(select(Client.id).where(wanted))).scalar_one_or_none()
    if found is None:
        return False
    await erase_client(session, found)
    return True


async def erase_client(session: AsyncSession, client_id: uuid.UUID, *, by: uuid.UUID | None = None) -> None:
    """Deletes the client and all that hangs on them, in the model server's schema too; that it was done is kept.

    `by` is the member of staff who did it; None: the service. Every table that holds something of a client refers to
    them, or to what does, and goes with them.
    """
    # Locked first, in the order in which an inbound message takes them: a turn ends before, or finds nobody.
    conversations = (
        (
            await session.execute(
                select(Conversation.id).where(Conversation.client_id == client_id).with_for_update().order_by("id")
            )
        )
        .scalars()
        .all()
    )
    if await _has_trackers(session):
        await session.execute(
            text("delete from bot.events where sender_id = any(:ids)"), {"ids": [str(each) for each in conversations]}
        )
    freed = (
        await session.execute(
            select(Appointment.program_id)
            .distinct()
            .where(
                Appointment.client_id == client_id, Appointment.status.in_(TAKING), Appointment.starts_at > clock.now()
            )
        )
    ).scalars()
    await session.execute(delete(Waiting).where(Waiting.client_id == client_id))
    await session.execute(delete(Client).where(Client.id == client_id))
    event = AuditEvent(staff_id=by, client_id=client_id, action="client.erased")
    event.detail = {"conversations": len(conversations)}
    session.add(event)
    for program_id in freed.all():
        await call_waiting(session, program_id, clock.now())


async def erase_told(session: AsyncSession, client: Client) -> None:
    """Deletes what the client told and what was worked out of it. Messages, appointments, what staff wrote, and how and
    at what hours they can be reached safely stay. The open handoff's summary is left to be written anew.
    """
    client.name = client.saving_agreed_at = None
    for table in (Answer, ScreeningRecord, Need, QuestionAsked):
        await session.execute(delete(table).where(table.client_id == client.id))
    await session.execute(update(Handoff).where(Handoff.client_id == client.id).values(summary=None))


async def _has_trackers(session: AsyncSession) -> bool:
    return (await session.execute(select(func.to_regclass("bot.events")))).scalar_one() is not None


# Silent on the line, and yet in care: they meet their case manager elsewhere.
_WITH_PEOPLE = rules.STAGES[rules.STAGES.index(rules.ASSESSED) :]


async def purge(session: AsyncSession, days: int, limit: int | None = None) -> int:
    """Erases clients whose last message is so many days old and who have no appointment ahead. Returns how many.

    `limit` is how many at most; those whom another transaction works on are left to the next time.
    """
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
            .limit(limit)
            .with_for_update(of=Client, skip_locked=True)
        )
    ).scalars()
    count = 0
    for client_id in silent.all():
        await erase_client(session, client_id)
        count += 1
    if await _has_trackers(session):
        # A turn that was under way while its client was erased leaves its end behind.
        known = "select 1 from conversations where id::text = sender_id"
        await session.execute(text(f"delete from bot.events where not exists ({known})"))  # noqa: S608
    return count
