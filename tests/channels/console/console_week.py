"""An invented week of one program, for the calendar's tests and its picture in the docs."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from console_people import a_client, a_handoff, a_program
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.directory.tables import Program
from casework.scheduling.tables import Appointment, Block, Calendar, DateHours, WeeklyHours
from casework.storage import new_id

ZONE = ZoneInfo("America/Chicago")
# Day of the week, start, desk, status, name (None: never handed over), confirmed
_BOOKED = (
    (0, "09:00", 0, "attended", "Ana Reyes", True),
    (0, "13:00", 1, "no_show", "Ben Okafor", False),
    (1, "10:00", 0, "attended", "Lee Tran", True),
    (2, "09:00", 0, "booked", "Rosa Vega", True),
    (2, "13:00", 1, "booked", "Sam Whitefeather", False),
    (2, "14:00", 0, "booked", None, False),
    (3, "09:00", 1, "booked", "Mai Xiong", True),
    (3, "10:00", 0, "booked", "Jo Lind", False),
    (3, "10:00", 1, "held", "Kim Park", False),
    (4, "11:00", 0, "booked", "Dee Abdi", False),
)
LATE = "Sam Whitefeather"


async def a_week(session: AsyncSession) -> uuid.UUID:
    """Fills this week; returns the id of an appointment that is still ahead."""
    program = await session.get(Program, "sample-mn-01")
    if program is None:
        program, desk = await a_program(session)
    else:
        desk = (await session.scalars(select(Calendar))).one()
    nurse = Calendar(id=new_id(), program_id=program.id, name="Intake nurse", kind="in_person", minutes=45)
    desk.buffer, nurse.buffer, desk.lead_hours, nurse.lead_hours = 15, 15, 0, 0
    session.add(nurse)
    await session.flush()
    for day in range(5):
        for calendar, shifts in ((desk, ((9, 12), (13, 17))), (nurse, ((9, 12), (13, 15)))):
            for opens, closes in shifts:
                session.add(WeeklyHours(calendar_id=calendar.id, weekday=day, opens=time(opens), closes=time(closes)))
    now = clock.now().astimezone(ZONE)
    monday = (now - timedelta(days=now.weekday())).date()
    session.add(DateHours(calendar_id=nurse.id, day=monday + timedelta(days=4), note="Day off"))
    away = datetime.combine(monday + timedelta(days=3), time(15), ZONE)
    session.add(Block(calendar_id=desk.id, starts_at=away, ends_at=away + timedelta(hours=2), note="Training"))
    ahead = uuid.UUID(int=0)
    for number, (day, at, which, status, name, confirmed) in enumerate(_BOOKED):
        client, conversation = await a_client(session, name, phone=f"+1612555017{number}")
        starts = datetime.combine(monday + timedelta(days=day), time.fromisoformat(at), ZONE)
        appointment = Appointment(
            id=new_id(),
            client_id=client.id,
            conversation_id=conversation.id,
            program_id=program.id,
            calendar_id=(desk, nurse)[which].id,
            kind=(desk, nurse)[which].kind,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=45),
            busy_until=starts + timedelta(hours=1),
            status=status,
            held_until=now + timedelta(minutes=8) if status == "held" else None,
            confirmed_at=now if confirmed else None,
            late_at=now if name == LATE else None,
            late_minutes=15 if name == LATE else None,
        )
        session.add(appointment)
        await session.flush()
        if name and status != "held":
            await a_handoff(session, client, conversation, reason="booked", urgency=1, shared=True)
        if status == "booked":
            ahead = appointment.id
    return ahead
