"""Saying what is due: reminders, openings for those who wait, what staff changed, what became of a referral.

Wording is neutral: on a shared phone nobody else learns what the appointment is for. Nothing here goes out in the
client's quiet hours; what comes too late, because no worker ran, is left out rather than said at a bad moment.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import handoff, jobs
from casework.conversations import people
from casework.conversations.tables import SYSTEM, Client, Conversation
from casework.delivery import outbox
from casework.directory.tables import Program
from casework.handoff.tables import Referral
from casework.moments import shown
from casework.scheduling import reminders, telling, waitlist
from casework.scheduling.quiet import is_quiet, next_waking
from casework.scheduling.tables import Appointment, Reminder
from casework.settings import get_settings
from casework.wording import say

_USEFUL = timedelta(hours=1)  # a reminder that quiet hours held back still helps this long before the appointment
# What staff recorded, the response that tells it, and the state in which it still holds.
_CHANGES: dict[telling.Change, tuple[str, str]] = {
    "booked": ("utter_staff_booked", "booked"),
    "moved": ("utter_staff_moved", "booked"),
    "cancelled": ("utter_staff_cancelled", "cancelled"),
    "no_show": ("utter_missed", "no_show"),
}


async def remind(session: AsyncSession, reminder_id: uuid.UUID, *, at: datetime) -> None:
    """Sends one reminder, unless its appointment has changed since, or a later reminder is due by now as well."""
    found = await reminders.for_sending(session, reminder_id)
    if found is None:
        return
    reminder, appointment = found
    if not reminders.fit_to_send(reminder, appointment, at):
        return
    who = await people.to_write_to(session, appointment.client_id)
    if who is None:
        return
    client, conversation = who
    if not people.reachable(client, conversation):
        reminder.status = "dropped"
        return
    program = await session.get_one(Program, appointment.program_id)
    zone = client.zone or program.zone
    if is_quiet(at, zone):
        waking = next_waking(at, zone)
        if waking > appointment.starts_at - _USEFUL:
            reminder.status = "dropped"
        else:
            await jobs.defer(session, "remind", at=waking, reminder_id=reminder.id)
        return
    overtaken = exists().where(
        Reminder.appointment_id == appointment.id,
        Reminder.status == "waiting",
        Reminder.due_at > reminder.due_at,
        Reminder.due_at <= at,
    )
    if await session.scalar(select(overtaken)):
        reminder.status = "dropped"  # after an outage one text is enough
        return
    reminder.message_id = await _put(session, client, conversation, "utter_reminder", appointment, program)
    reminder.status = "sent"


async def tell_appointment(
    session: AsyncSession, appointment_id: uuid.UUID, change: telling.Change, *, at: datetime
) -> None:
    """Tells the client what staff did, if it still holds. In quiet hours it is put off to their end."""
    appointment = await session.get(Appointment, appointment_id, with_for_update=True)
    response, state = _CHANGES[change]
    who = await people.to_write_to(session, appointment.client_id) if appointment else None
    if appointment is None or who is None or appointment.status != state:
        return
    if state == "booked" and appointment.starts_at <= at:
        return
    client, conversation = who
    program = await session.get_one(Program, appointment.program_id)
    if is_quiet(at, client.zone or program.zone):
        await telling.later(session, appointment, change, at)
        return
    # A worker that dies as it finishes has its job run again: of one appointment each change is told once.
    once = list(_CHANGES).index(change)
    told = await _put(session, client, conversation, response, appointment, program, once=once)
    if told is not None and not people.reachable(client, conversation):
        # They stopped our texts and would come at the old time, or not at all: somebody has to phone.
        await handoff.to_people(
            session, client, conversation, reason="not_delivered", urgency=2, at=at, take_over=False
        )


async def tell_referral(session: AsyncSession, referral_id: uuid.UUID, status: str, *, at: datetime) -> None:
    """Tells the client what the program answered, if that is still what is known."""
    referral = await session.get(Referral, referral_id, with_for_update=True)
    who = await people.to_write_to(session, referral.client_id) if referral else None
    if referral is None or who is None or referral.status != status:
        return
    client, conversation = who
    program = await session.get_one(Program, referral.program_id)
    if is_quiet(at, client.zone or program.zone):
        waking = next_waking(at, client.zone or program.zone)
        await jobs.defer(session, "tell_referral", at=waking, referral_id=referral.id, status=status)
        return
    wording = say(
        f"utter_referral_{status}",
        client.language,
        agency=get_settings().agency_name,
        program=program.organization,
        phone=_phone(program.intake_phone or program.phone),
    )
    await outbox.put(session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices)


async def offer_waiting(session: AsyncSession, program_id: str, *, at: datetime) -> None:
    """Offers a freed opening to whoever has waited longest."""
    program = await session.get_one(Program, program_id)
    for entry in await waitlist.offer(session, program_id, at=at):
        who = await people.to_write_to(session, entry.client_id)
        if who is None or entry.appointment_id is None:
            continue
        opening = await session.get_one(Appointment, entry.appointment_id)
        await _put(session, *who, "utter_waitlist_offer", opening, program)


async def waited_for(session: AsyncSession, *, at: datetime) -> list[str]:
    """Programs whose waiting list is worth looking at now: somebody is on it, and it is day there."""
    programs = await waitlist.programs_waited_for(session)
    zones = await session.execute(select(Program.id, Program.zone).where(Program.id.in_(programs)))
    return [program_id for program_id, zone in zones if not is_quiet(at, zone)]


async def end_offer(session: AsyncSession, waiting_id: uuid.UUID, *, at: datetime) -> None:
    """An offer that nobody answered in two hours goes to the next; the client is told, unless it is quiet."""
    entry = await waitlist.by_id(session, waiting_id)
    if entry is None or not await waitlist.pass_on(session, waiting_id, at=at):
        return
    who = await people.to_write_to(session, entry.client_id)
    program = await session.get_one(Program, entry.program_id)
    if who is None or is_quiet(at, who[0].zone or program.zone):
        return
    client, conversation = who
    wording = say("utter_waitlist_expired", client.language)
    await outbox.put(session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices)


async def _put(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    response: str,
    appointment: Appointment,
    program: Program,
    once: int | None = None,
) -> uuid.UUID | None:
    wording = say(
        response,
        client.language,
        agency=get_settings().agency_name,
        appointment=appointment.id,
        program=program.organization,
        **shown(appointment.starts_at, appointment.kind, program.zone, client.zone, client.language),
    )
    return await outbox.put(
        session,
        client,
        conversation,
        wording.text,
        author=SYSTEM,
        choices=wording.choices,
        in_reply_to=None if once is None else appointment.id,
        position=once,
    )


def _phone(number: str | None) -> str:
    if number and number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number or "211"  # who answers where no number is known
