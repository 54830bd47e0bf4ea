"""A program's week: what is open, blocked, held and booked, day by day and hour by hour, by the program's own clock.

The hours of a day are those its clock shows. Where clocks go back, what lies in the hour that is shown twice stands in
one row, each with its zone's abbreviation; nothing falls out.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff.tables import Handoff
from casework.safety.tables import Alarm
from casework.scheduling import calendars, slots
from casework.scheduling.calendars import OpenCalendar
from casework.scheduling.slots import EVERY_SEAT, Taken
from casework.scheduling.tables import Appointment, Calendar

SHOWN = ("booked", "held", "attended", "no_show")
_DAYS = 7


@dataclass(frozen=True)
class Entry:
    """One appointment. `client` is None where this client is not staff's to read (never handed over)."""

    appointment: Appointment
    calendar: str
    client: Client | None


@dataclass(frozen=True)
class Cell:
    """One hour of one day. `free`: starts that can be booked, with how many calendars; `blocked`: names of calendars
    that are away; `open`: anybody's hours reach into it."""

    entries: Sequence[Entry] = ()
    free: Sequence[tuple[datetime, int]] = ()
    blocked: Sequence[str] = ()
    open: bool = False


@dataclass(frozen=True)
class Week:
    """`days` are the columns, `hours` (0 to 23) the rows; a cell that is missing is outside everybody's hours."""

    program: Program
    monday: date
    days: Sequence[date]
    hours: Sequence[int]
    cells: dict[tuple[date, int], Cell] = field(default_factory=dict)
    booked: int = 0
    free: int = 0

    def cell(self, day: date, hour: int) -> Cell:
        return self.cells.get((day, hour), Cell())


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


async def soonest_booked(session: AsyncSession, at: datetime) -> str | None:
    """The id of the program with the next booked appointment."""
    found: str | None = await session.scalar(
        select(Appointment.program_id)
        .where(Appointment.status == "booked", Appointment.starts_at >= at)
        .order_by(Appointment.starts_at)
        .limit(1)
    )
    return found


async def read(session: AsyncSession, program_id: str, monday: date, at: datetime) -> Week:
    """The week that begins on this Monday. Raises NotFound."""
    program = await session.get(Program, program_id)
    if program is None:
        raise NotFound("there is no such program")
    zone = ZoneInfo(program.zone)
    since = datetime.combine(monday, time(0), zone).astimezone(UTC)
    until = datetime.combine(monday + timedelta(days=_DAYS), time(0), zone).astimezone(UTC)
    open_ones = await calendars.of_programs(session, [program_id], since=since, until=until)
    entries = await _entries(session, program_id, since, until, at)
    return lay_out(program, monday, open_ones, entries, at)


async def programs(session: AsyncSession) -> list[Program]:
    """The programs that have a calendar, by name."""
    found = await session.scalars(
        select(Program)
        .where(Program.active, exists().where(Calendar.program_id == Program.id))
        .order_by(Program.organization, Program.name, Program.id)
    )
    return list(found)


async def _entries(
    session: AsyncSession, program_id: str, since: datetime, until: datetime, at: datetime
) -> list[Entry]:
    handed_over = or_(
        exists().where(Handoff.client_id == Client.id), exists().where(Alarm.client_id == Client.id)
    ).label("readable")
    rows = await session.execute(
        select(Appointment, Calendar.name, Client, handed_over)
        .join(Calendar, Calendar.id == Appointment.calendar_id)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.program_id == program_id,
            Appointment.starts_at >= since,
            Appointment.starts_at < until,
            or_(
                Appointment.status.in_([status for status in SHOWN if status != "held"]),
                and_(Appointment.status == "held", Appointment.held_until > at),
            ),
        )
        .order_by(Appointment.starts_at, Calendar.name, Appointment.seat)
    )
    return [Entry(appointment, name, client if readable else None) for appointment, name, client, readable in rows]


def lay_out(
    program: Program, monday: date, open_ones: Sequence[OpenCalendar], entries: Sequence[Entry], at: datetime
) -> Week:
    """Puts everything into its hour. No I/O."""
    zone = ZoneInfo(program.zone)
    taken: dict[uuid.UUID, list[Taken]] = defaultdict(list)
    held: dict[tuple[date, int], list[Entry]] = defaultdict(list)
    others: dict[str | None, list[uuid.UUID]] = defaultdict(list)  # a clinician's calendars
    for calendar in open_ones:
        if calendar.clinician:
            others[calendar.clinician].append(calendar.id)
    for entry in entries:
        appointment = entry.appointment
        taken[appointment.calendar_id].append(Taken(appointment.starts_at, appointment.busy_until, appointment.seat))
        for other in others.get(appointment.clinician, ()):
            if other != appointment.calendar_id:
                taken[other].append(Taken(appointment.starts_at, appointment.busy_until, EVERY_SEAT))
        held[_place(appointment.starts_at, zone)].append(entry)
    free: dict[tuple[date, int], dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    blocked: dict[tuple[date, int], list[str]] = defaultdict(list)
    hours: set[tuple[date, int]] = set()
    for day in (monday + timedelta(days=number) for number in range(_DAYS)):
        begins = datetime.combine(day, time(0), zone).astimezone(UTC)
        ends = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
        for calendar in open_ones:
            # Staff may book with any notice; what is past is no opening.
            anytime = replace(calendar.hours, lead_hours=0)
            for slot in slots.openings(anytime, taken[calendar.id], since=begins, until=ends, now=at):
                free[_place(slot.starts_at, zone)][slot.starts_at] += 1
            mine = {(day, hour) for span in calendar.hours.on(day) for hour in _hours_of(span)}
            hours |= mine
            for place in sorted(mine):
                if _blocked(calendar, place, zone):
                    blocked[place].append(calendar.name)
    everything = hours | set(held)
    rows = sorted({hour for _, hour in everything})
    busy_days = {day for day, _ in everything}
    days = [
        day
        for number in range(_DAYS)
        if number < 5 or (monday + timedelta(days=number)) in busy_days
        for day in [monday + timedelta(days=number)]
    ]
    cells = {
        place: Cell(
            entries=tuple(held.get(place, ())),
            free=tuple(sorted(free[place].items())) if place in free else (),
            blocked=tuple(blocked.get(place, ())),
            open=place in hours,
        )
        for place in everything | set(free)
    }
    return Week(
        program=program,
        monday=monday,
        days=days,
        hours=range(rows[0], rows[-1] + 1) if rows else (),
        cells=cells,
        booked=sum(entry.appointment.status == "booked" for entry in entries),
        free=sum(count for starts in free.values() for count in starts.values()),
    )


def _place(moment: datetime, zone: ZoneInfo) -> tuple[date, int]:
    local = moment.astimezone(zone)
    return local.date(), local.hour


def _hours_of(span: slots.Span) -> range:
    last = span.closes.hour if span.closes > time(span.closes.hour) else span.closes.hour - 1
    return range(span.opens.hour, last + 1)


def _blocked(calendar: OpenCalendar, place: tuple[date, int], zone: ZoneInfo) -> bool:
    day, hour = place
    begins = datetime.combine(day, time(hour), zone).astimezone(UTC)
    ends = begins + timedelta(hours=1)
    return any(since < ends and begins < until for since, until in calendar.hours.blocks)
