"""Calendar files over HTTP. Whoever has the address has the file: addresses cannot be guessed and hold no name."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.scheduling import links
from casework.scheduling.tables import Appointment, Calendar
from casework.settings import Settings
from casework.storage import Database
from casework.wording import say
from channels.calendar import ics

router = APIRouter(prefix="/calendar", include_in_schema=False)

_BEHIND, _AHEAD = timedelta(days=14), timedelta(days=370)
_LOOK_AGAIN_HOURS = 1
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@router.get("/appointment/{token}.ics", name="calendar_appointment")
async def appointment(request: Request, token: str) -> Response:
    """One appointment, for the client: when and where, under a title that says nothing of what for."""
    appointment_id = links.read_appointment(token)
    database: Database = request.app.state.database
    async with database.session() as session:
        found = await session.get(Appointment, appointment_id) if appointment_id else None
        if found is None or found.status in ("held", "expired"):
            return _nothing()
        now_it_is, first = await _latest(session, found), await _first(session, found)
        client = await session.get_one(Client, found.client_id)
        program = await session.get_one(Program, found.program_id)
        settings: Settings = request.app.state.settings
        title = say("utter_calendar_title", client.language, agency=settings.agency_name).text
        place = ", ".join(part for part in (program.street, program.city, program.state) if part)
        event = _event(
            now_it_is,
            title,
            settings,
            first=first,
            location=place if now_it_is.kind == "in_person" else "",
            alarm_minutes=120,
        )
    return _file(ics.write([event]), "appointment.ics")


@router.get("/feed/{token}.ics", name="calendar_feed")
async def feed(request: Request, token: str) -> Response:
    """A program's appointments, for its staff: times, calendars and a link to the console, never a name."""
    program_id = links.read_feed(token)
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    at = clock.now()
    async with database.session() as session:
        program = await session.get(Program, program_id) if program_id else None
        if program is None:
            return _nothing()
        rows = await session.execute(
            select(Appointment, Calendar.name)
            .join(Calendar, Calendar.id == Appointment.calendar_id)
            .where(
                Appointment.program_id == program.id,
                Appointment.starts_at > at - _BEHIND,
                Appointment.starts_at < at + _AHEAD,
                Appointment.status.in_(("booked", "attended", "no_show", "cancelled")),
            )
            .order_by(Appointment.starts_at, Appointment.id)
        )
        events = [
            _event(found, f"Intake: {name}", settings, first=found, url=_console(settings, found))
            for found, name in rows
        ]
        name = f"{program.organization}: {settings.agency_name}"
    return _file(ics.write(events, name=name, refresh_hours=_LOOK_AGAIN_HOURS), "appointments.ics")


async def _latest(session: AsyncSession, found: Appointment) -> Appointment:
    """What the appointment was moved to, however often: the same file then shows the new time."""
    for _ in range(50):
        if found.status != "moved":
            break
        following = await session.scalar(select(Appointment).where(Appointment.moved_from == found.id))
        if following is None:
            break
        found = following
    return found


async def _first(session: AsyncSession, found: Appointment) -> Appointment:
    """What was booked at first: an old link and a new one, after a move, are the same entry of a calendar."""
    for _ in range(50):
        if found.moved_from is None:
            break
        found = await session.get_one(Appointment, found.moved_from)
    return found


def _event(
    found: Appointment,
    title: str,
    settings: Settings,
    *,
    first: Appointment,
    location: str = "",
    url: str = "",
    alarm_minutes: int | None = None,
) -> ics.Event:
    """As an entry of a calendar. It is the same one, however often the appointment is moved: that of the `first`."""
    host = settings.base_url.partition("://")[2].partition("/")[0].partition(":")[0]
    return ics.Event(
        uid=f"{first.id}@{host}",
        title=title,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        created_at=first.created_at,
        changed_at=found.changed_at or found.created_at,
        status="CANCELLED" if found.status in ("cancelled", "moved") else "CONFIRMED",
        location=location,
        url=url,
        alarm_minutes=alarm_minutes,
    )


def _console(settings: Settings, found: Appointment) -> str:
    return f"{settings.base_url}/console/appointments/{found.id}"


def _file(text: str, name: str) -> Response:
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


def _nothing() -> Response:
    return Response("There is no such calendar.\n", 404, media_type="text/plain", headers=_HEADERS)
