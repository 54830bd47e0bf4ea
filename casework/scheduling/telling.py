"""What staff changed about an appointment is told to the client: as a job, by day, and only while it still holds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.scheduling.quiet import next_waking
from casework.scheduling.tables import Appointment

Change = Literal["booked", "moved", "cancelled", "no_show"]


async def zone_of(session: AsyncSession, appointment: Appointment) -> str:
    """The zone by whose clock the client is not to be woken: their own, else the program's."""
    zone = await session.scalar(
        select(func.coalesce(Client.zone, Program.zone))
        .select_from(Program)
        .join(Client, Client.id == appointment.client_id, isouter=True)
        .where(Program.id == appointment.program_id)
    )
    return zone or "UTC"


async def later(session: AsyncSession, appointment: Appointment, change: Change, at: datetime) -> None:
    """Defers the message, to the end of quiet hours where it is quiet now."""
    await jobs.defer(
        session,
        "tell_appointment",
        at=next_waking(at, await zone_of(session, appointment)),
        appointment_id=appointment.id,
        change=change,
    )
