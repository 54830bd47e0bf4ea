"""Changing when a calendar can be booked: its settings, weekly hours, dates and blocks. What is booked stays booked.

Hours are written as people write them: `9:00-12:00, 13:00-17:00`; an empty line is a day off.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.errors import GuidepostError, NotFound
from casework.scheduling.freed import call_waiting
from casework.scheduling.slots import Span
from casework.scheduling.tables import TAKING, Appointment, Block, Calendar, DateHours, WeeklyHours
from casework.storage import new_id

KINDS = ("phone", "video", "in_person")
# Least and greatest: a slip of the finger is not to make a calendar that nobody can use.
LIMITS = {
    "minutes": (5, 480),
    "buffer": (0, 240),
    "capacity": (1, 50),
    "lead_hours": (0, 720),
    "horizon_days": (1, 365),
}
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.IGNORECASE)
_YEARS = 10  # how far off time away may lie
_LAST = time(23, 59)  # what "24:00" is kept as


class BadHours(GuidepostError):
    """Something in the form cannot be used. `code` is a key of the console's labels, `about` what it is about."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code} {about}".strip())
        self.code, self.about = code, about


@dataclass(frozen=True)
class Settings:
    """How a calendar books. Minutes; `lead_hours` is the least notice, `horizon_days` how far ahead."""

    name: str
    kind: str
    minutes: int
    buffer: int
    capacity: int
    lead_hours: int
    horizon_days: int
    languages: tuple[str, ...]
    active: bool = True
    clinician: str = ""


@dataclass(frozen=True)
class Availability:
    """One calendar as its form shows it; `dates` and `blocks` from today on."""

    calendar: Calendar
    weekly: Mapping[int, str]
    dates: Sequence[tuple[date, str, str | None]]
    blocks: Sequence[Block]


def read_spans(text: str) -> tuple[Span, ...]:
    """`9-12, 1:30 pm-5 pm` to its stretches, in order. Raises BadHours: not_hours, overlap."""
    found: list[Span] = []
    for part in re.split(r"[,;]|\band\b", text):
        if not part.strip():
            continue
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise BadHours("not_hours", part.strip())
        opens = _time(match[1], match[2], match[3], part)
        closes = _time(match[4], match[5], match[6], part)
        if opens >= closes:
            raise BadHours("not_hours", part.strip())
        found.append(Span(opens, closes))
    found.sort()
    for earlier, later in pairwise(found):
        if later.opens < earlier.closes:
            raise BadHours("overlap", text.strip())
    return tuple(found)


def write_spans(spans: Sequence[Span]) -> str:
    """The stretches as `read_spans` reads them."""
    return ", ".join(f"{span.opens:%H:%M}-{span.closes:%H:%M}" for span in sorted(spans))


def _time(hour: str, minute: str | None, half: str | None, part: str) -> time:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            raise BadHours("not_hours", part.strip())
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    if (hours, minutes) == (24, 0):
        return _LAST
    if hours > 23 or minutes > 59:
        raise BadHours("not_hours", part.strip())
    return time(hours, minutes)


async def of_program(session: AsyncSession, program_id: str, at: datetime) -> list[Availability]:
    """Every calendar of the program, also those that are switched off. Raises NotFound."""
    program = await session.get(Program, program_id)
    if program is None:
        raise NotFound("there is no such program")
    today = at.astimezone(ZoneInfo(program.zone)).date()
    calendars = await session.scalars(
        select(Calendar).where(Calendar.program_id == program_id).order_by(Calendar.name, Calendar.id)
    )
    return [await _of(session, calendar, today, at) for calendar in calendars.all()]


async def _of(session: AsyncSession, calendar: Calendar, today: date, at: datetime) -> Availability:
    weekly: dict[int, list[Span]] = {}
    for row in await session.scalars(select(WeeklyHours).where(WeeklyHours.calendar_id == calendar.id)):
        weekly.setdefault(row.weekday, []).append(Span(row.opens, row.closes))
    days: dict[date, tuple[list[Span], str | None]] = {}
    for each in await session.scalars(
        select(DateHours).where(DateHours.calendar_id == calendar.id, DateHours.day >= today).order_by(DateHours.day)
    ):
        spans, _ = days.setdefault(each.day, ([], each.note))
        if each.opens is not None and each.closes is not None:
            spans.append(Span(each.opens, each.closes))
    blocks = await session.scalars(
        select(Block).where(Block.calendar_id == calendar.id, Block.ends_at > at).order_by(Block.starts_at)
    )
    return Availability(
        calendar,
        {weekday: write_spans(spans) for weekday, spans in weekly.items()},
        [(day, write_spans(spans), note) for day, (spans, note) in days.items()],
        list(blocks),
    )


async def add(session: AsyncSession, program_id: str, settings: Settings) -> Calendar:
    """A new calendar of the program, without hours yet. Raises BadHours, NotFound."""
    if await session.get(Program, program_id) is None:
        raise NotFound("there is no such program")
    calendar = Calendar(id=new_id(), program_id=program_id, **_checked(settings))
    calendar.clinician = await _as_known(session, program_id, settings.clinician)
    session.add(calendar)
    await session.flush()
    return calendar


async def change(
    session: AsyncSession, calendar_id: uuid.UUID, settings: Settings, weekly: Mapping[int, str], at: datetime
) -> Calendar:
    """New settings and weekly hours; whoever waits is called if that brought openings.

    Raises BadHours (clinician_twice: their other calendars have clients at the same times), NotFound.
    """
    calendar = await _calendar(session, calendar_id)
    hours = {weekday: read_spans(text) for weekday, text in weekly.items()}
    for name, value in _checked(settings).items():
        setattr(calendar, name, value)
    clinician = await _as_known(session, calendar.program_id, settings.clinician)
    if clinician != calendar.clinician:
        await _give(session, calendar, clinician, at)
    await session.execute(delete(WeeklyHours).where(WeeklyHours.calendar_id == calendar_id))
    session.add_all(
        WeeklyHours(id=new_id(), calendar_id=calendar_id, weekday=weekday, opens=span.opens, closes=span.closes)
        for weekday, spans in hours.items()
        for span in spans
    )
    await session.flush()
    await call_waiting(session, calendar.program_id, at)
    return calendar


async def set_date(
    session: AsyncSession, calendar_id: uuid.UUID, day: date, hours: str, note: str, at: datetime
) -> Calendar:
    """What this date has instead of its weekly hours; no hours: closed. Raises BadHours, NotFound."""
    calendar = await _calendar(session, calendar_id)
    spans = read_spans(hours)
    await clear_date(session, calendar_id, day, at)
    session.add_all(
        DateHours(id=new_id(), calendar_id=calendar_id, day=day, opens=opens, closes=closes, note=note.strip() or None)
        for opens, closes in (spans or ((None, None),))
    )
    await session.flush()
    await call_waiting(session, calendar.program_id, at)
    return calendar


async def clear_date(session: AsyncSession, calendar_id: uuid.UUID, day: date, at: datetime) -> Calendar:
    """The date has its weekly hours again."""
    calendar = await _calendar(session, calendar_id)
    await session.execute(delete(DateHours).where(DateHours.calendar_id == calendar_id, DateHours.day == day))
    await call_waiting(session, calendar.program_id, at)
    return calendar


async def block(
    session: AsyncSession, calendar_id: uuid.UUID, begins: datetime, ends: datetime, note: str, at: datetime
) -> Calendar:
    """Not available between these wall-clock times of the program's zone. Raises BadHours: block_order, block_far."""
    if not all(abs(moment.year - at.year) <= _YEARS for moment in (begins, ends)):
        raise BadHours("block_far")
    calendar = await _calendar(session, calendar_id)
    program = await session.get_one(Program, calendar.program_id)
    zone = ZoneInfo(program.zone)
    since, until = (moment.replace(tzinfo=zone).astimezone(UTC) for moment in (begins, ends))
    if since >= until:
        raise BadHours("block_order")
    session.add(Block(id=new_id(), calendar_id=calendar_id, starts_at=since, ends_at=until, note=note.strip() or None))
    await session.flush()
    return calendar


async def unblock(session: AsyncSession, calendar_id: uuid.UUID, block_id: uuid.UUID, at: datetime) -> Calendar:
    calendar = await _calendar(session, calendar_id)
    await session.execute(delete(Block).where(Block.id == block_id, Block.calendar_id == calendar_id))
    await call_waiting(session, calendar.program_id, at)
    return calendar


async def _calendar(session: AsyncSession, calendar_id: uuid.UUID) -> Calendar:
    calendar = await session.get(Calendar, calendar_id, with_for_update=True)
    if calendar is None:
        raise NotFound("there is no such calendar")
    return calendar


def _checked(settings: Settings) -> dict[str, object]:
    if not settings.name.strip():
        raise BadHours("no_name")
    if settings.kind not in KINDS:
        raise BadHours("no_kind")
    for name, (least, most) in LIMITS.items():
        if not least <= int(getattr(settings, name)) <= most:
            raise BadHours("out_of_range", f"{name} {least}-{most}")
    kept = {name: value for name, value in vars(settings).items() if name != "clinician"}
    return {**kept, "name": settings.name.strip()[:80], "languages": list(settings.languages) or ["en"]}


async def _as_known(session: AsyncSession, program_id: str, clinician: str) -> str | None:
    """The clinician as the program's other calendars write them: they are the same by their name alone."""
    name = " ".join(clinician.split())[:80]
    known = await session.scalars(select(Calendar.clinician).where(Calendar.program_id == program_id).distinct())
    return next((each for each in known if each and each.casefold() == name.casefold()), name or None)


async def _give(session: AsyncSession, calendar: Calendar, clinician: str | None, at: datetime) -> None:
    """What is booked in this calendar from now on is this clinician's time."""
    calendar.clinician = clinician
    ahead = (
        Appointment.calendar_id == calendar.id,
        Appointment.status.in_(TAKING),
        Appointment.busy_until > at,
    )
    try:
        async with session.begin_nested():
            await session.execute(update(Appointment).where(*ahead).values(clinician=clinician))
    except IntegrityError as error:
        raise BadHours("clinician_twice", clinician or "") from error
