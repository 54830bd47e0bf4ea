"""Reminders are a function of the appointment: any change of it replaces them all.

A job of a reminder that was replaced still runs, finds its row dropped, and does nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.scheduling.quiet import evening_before, is_quiet, next_waking
from casework.scheduling.tables import Appointment, Reminder
from casework.settings import get_settings
from casework.storage import new_id

_SHORT = 2  # hours; a reminder this close is of no use the evening before: then it is left out


def due(
    appointment_start: datetime, booked_at: datetime, zone: str, hours: Iterable[int] = (72, 24, 2)
) -> list[tuple[int, datetime]]:
    """The reminders of an appointment, the earliest first: hours before it, and when each is due (UTC).

    None is due in quiet hours of `zone` (the client's) nor before `booked_at`. One that would be goes out the evening
    before; where that is already past, as the quiet hours end.
    """
    found: dict[datetime, int] = {}
    for before in sorted(hours, reverse=True):
        moment = (appointment_start - timedelta(hours=before)).astimezone(UTC)
        if is_quiet(moment, zone):
            if before <= _SHORT:
                continue
            earlier, later = evening_before(moment, zone), next_waking(moment, zone)
            moment = earlier if earlier > booked_at else later
        if booked_at < moment <= appointment_start - timedelta(hours=min(before, _SHORT)):
            found[moment] = before
    return [(before, moment) for moment, before in sorted(found.items())]


async def replace(session: AsyncSession, appointment: Appointment, client_zone: str, at: datetime) -> list[Reminder]:
    """Makes the waiting reminders be what they are to be, each with its job; what was sent stays on record."""
    await session.execute(
        update(Reminder)
        .where(Reminder.appointment_id == appointment.id, Reminder.status == "waiting")
        .values(status="dropped")
        .execution_options(synchronize_session="evaluate")
    )
    if appointment.status != "booked":
        return []
    rows = [
        Reminder(id=new_id(), appointment_id=appointment.id, hours_before=before, due_at=moment, status="waiting")
        for before, moment in due(appointment.starts_at, at, client_zone, get_settings().reminder_hours)
    ]
    session.add_all(rows)
    await session.flush()
    for row in rows:
        await jobs.defer(session, "remind", at=row.due_at, reminder_id=row.id)
    return rows


async def waiting(session: AsyncSession, appointment_id: uuid.UUID) -> list[Reminder]:
    """The reminders of an appointment that are still to be sent, the earliest first."""
    found = await session.scalars(
        select(Reminder)
        .where(Reminder.appointment_id == appointment_id, Reminder.status == "waiting")
        .order_by(Reminder.due_at)
    )
    return list(found)


async def for_sending(session: AsyncSession, reminder_id: uuid.UUID) -> tuple[Reminder, Appointment] | None:
    """A reminder and its appointment, both locked against a change until the reminder is queued; None once erased."""
    row = (
        await session.execute(
            select(Reminder, Appointment)
            .join(Appointment, Appointment.id == Reminder.appointment_id)
            .where(Reminder.id == reminder_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def fit_to_send(reminder: Reminder, appointment: Appointment, at: datetime | None = None) -> bool:
    """Whether the reminder still holds: not sent or replaced, the appointment stands and (at `at`) is still ahead."""
    return (
        reminder.appointment_id == appointment.id
        and reminder.status == "waiting"
        and appointment.status == "booked"
        and (at is None or at < appointment.starts_at)
    )
