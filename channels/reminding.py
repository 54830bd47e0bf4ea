"""Saying what is due: a reminder before an appointment, an opening for somebody who waits for one.

Wording is neutral: on a shared phone nobody else learns what the appointment is for.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import SYSTEM, Client, Conversation
from casework.delivery import outbox
from casework.directory.tables import Program
from casework.moments import moment, zone_name
from casework.scheduling import reminders, waitlist
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.wording import say


async def _latest_conversation(session: AsyncSession, client_id: uuid.UUID) -> tuple[Client, Conversation] | None:
    row = (
        await session.execute(
            select(Client, Conversation)
            .join(Conversation, Conversation.client_id == Client.id)
            .where(Client.id == client_id)
            .order_by((Conversation.channel == "sms").desc(), Conversation.last_inbound_at.desc().nullslast())
            .limit(1)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


async def remind(session: AsyncSession, reminder_id: uuid.UUID, *, at: datetime) -> None:
    """Sends one reminder, unless its appointment has changed since."""
    found = await reminders.for_sending(session, reminder_id)
    if found is None:
        return
    reminder, appointment = found
    if not reminders.fit_to_send(reminder, appointment, at):
        return
    who = await _latest_conversation(session, appointment.client_id)
    if who is None:
        return
    client, conversation = who
    program = await session.get_one(Program, appointment.program_id)
    wording = say(
        "utter_reminder",
        client.language,
        agency=get_settings().agency_name,
        moment=moment(appointment.starts_at, program.zone, client.language),
        zone=zone_name(appointment.starts_at, program.zone, client.language),
    )
    reminder.message_id = await outbox.put(
        session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices
    )
    reminder.status = "sent"


async def offer_waiting(session: AsyncSession, program_id: str, *, at: datetime) -> None:
    """Offers a freed opening to whoever has waited longest."""
    for entry in await waitlist.offer(session, program_id, at=at):
        who = await _latest_conversation(session, entry.client_id)
        if who is None or entry.appointment_id is None:
            continue
        client, conversation = who
        opening = await session.get_one(Appointment, entry.appointment_id)
        program = await session.get_one(Program, program_id)
        wording = say(
            "utter_waitlist_offer",
            client.language,
            moment=moment(opening.starts_at, program.zone, client.language),
            zone=zone_name(opening.starts_at, program.zone, client.language),
            program=program.organization,
        )
        await outbox.put(session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices)
