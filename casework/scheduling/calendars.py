"""Reading calendars with their hours, and what of them is taken. Every query that openings are worked out from."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.scheduling.slots import EVERY_SEAT, Hours, Seats, Span
from casework.scheduling.tables import Appointment, Block, Calendar, DateHours, WeeklyHours

LONGEST = timedelta(days=1)  # no appointment lasts longer, its buffer included
_MARGIN = timedelta(days=2)  # a date of the program's zone against a moment in UTC
_APPOINTMENTS, _CALENDARS, _PROGRAMS = Appointment.__table__.c, Calendar.__table__.c, Program.__table__.c
_WEEKLY, _DATES, _BLOCKS = WeeklyHours.__table__.c, DateHours.__table__.c, Block.__table__.c


@dataclass(frozen=True)
class OpenCalendar:
    """An active calendar of an active program with its hours."""

    id: uuid.UUID
    program_id: str
    name: str
    kind: str
    languages: tuple[str, ...]
    hours: Hours
    clinician: str | None = None


async def of_programs(
    session: AsyncSession, program_ids: Iterable[str], *, since: datetime, until: datetime | None = None
) -> list[OpenCalendar]:
    """The calendars of these programs; date hours and blocks only as far as they touch [since, until)."""
    query = _calendars("programs", bounded=until is not None)
    rows = await session.execute(query, {"which": list(program_ids), **_stretch(since, until)})
    return [_read(row) for row in rows]


async def with_taken(
    session: AsyncSession, program_ids: Iterable[str], *, since: datetime, until: datetime, at: datetime
) -> tuple[list[OpenCalendar], dict[uuid.UUID, Seats]]:
    """The calendars of these programs, and what `taken` would say of [since, until): one round trip for both, and
    another where calendars share a clinician's time.
    """
    programs = list(program_ids)
    values = {"which": programs, **_stretch(at, None), **_taken_values(programs, since, until, at)}
    found, seats = [], {}
    for row in await session.execute(_calendars_with_taken(), values):
        calendar = _read(row[:-3])
        found.append(calendar)
        if row[-1] is not None:
            seats[calendar.id] = Seats(*row[-3:])
    if shared(found):
        seats = await taken(session, programs, since=since, until=until, at=at)
    return found, seats


def shared(found: Iterable[OpenCalendar]) -> bool:
    """Whether any of them names a clinician, whose time others may take up."""
    return any(calendar.clinician for calendar in found)


async def by_id(session: AsyncSession, calendar_id: uuid.UUID, *, around: datetime) -> OpenCalendar | None:
    """One calendar with what it needs to judge an opening at `around`; None if it or its program is not active."""
    query = _calendars("calendars", bounded=True)
    values = {"which": [calendar_id], **_stretch(around, around + LONGEST)}
    row = (await session.execute(query, values)).one_or_none()
    return _read(row) if row else None


async def has_any(session: AsyncSession, program_id: str) -> bool:
    """Whether the program can be booked online at all, now or once there are openings."""
    known = (
        select(Calendar.id)
        .join(Program, Program.id == Calendar.program_id)
        .where(Calendar.program_id == program_id, Calendar.active, Program.active)
    )
    return bool(await session.scalar(select(known.exists())))


async def taken(
    session: AsyncSession,
    program_ids: Iterable[str],
    *,
    since: datetime,
    until: datetime,
    at: datetime,
    clinicians: bool = True,
) -> dict[uuid.UUID, Seats]:
    """The seats that are taken in [since, until), by calendar. A hold that ran out before `at` takes nothing.

    `clinicians`: also what those have elsewhere whose calendars share their time; not to be asked where none do.
    """
    rows = await session.execute(_taken(clinicians=clinicians), _taken_values(list(program_ids), since, until, at))
    return {calendar_id: Seats(*arrays) for calendar_id, *arrays in rows.tuples()}


def _taken_values(programs: list[str], since: datetime, until: datetime, at: datetime) -> dict[str, Any]:
    return {
        "programs": programs,
        "busy_after": since,
        "at": at,
        "from_start": since - LONGEST,
        "to_start": until + LONGEST,
    }


# Statements are built once: building them took longer than running them. They name columns of the tables, not of the
# mapped classes, which spares the unit of work a look at every one of them; and they take lists as arrays, so that
# the database has one plan for any number.


@lru_cache
def _taken(*, clinicians: bool) -> Select[*tuple[Any, ...]]:
    these = (
        _APPOINTMENTS.program_id == func.any(bindparam("programs", type_=ARRAY(String))),
        _APPOINTMENTS.starts_at >= bindparam("from_start"),  # with the program, what the index is over
        _APPOINTMENTS.starts_at < bindparam("to_start"),
        _APPOINTMENTS.busy_until > bindparam("busy_after"),
        or_(
            _APPOINTMENTS.status == "booked",
            and_(_APPOINTMENTS.status == "held", _APPOINTMENTS.held_until > bindparam("at")),
        ),
    )
    own = select(_APPOINTMENTS.calendar_id, _APPOINTMENTS.seat, _APPOINTMENTS.during).where(*these)
    # What a clinician has in one calendar takes every seat of their others.
    beside = and_(
        _CALENDARS.program_id == _APPOINTMENTS.program_id,
        _CALENDARS.clinician == _APPOINTMENTS.clinician,
        _CALENDARS.id != _APPOINTMENTS.calendar_id,
    )
    elsewhere = (
        select(_CALENDARS.id, literal(EVERY_SEAT), _APPOINTMENTS.during)
        .join_from(Appointment.__table__, Calendar.__table__, beside)
        .where(_APPOINTMENTS.clinician.is_not(None), *these)
    )
    taken = (union_all(own, elsewhere) if clinicians else own).subquery("taken")
    # What follows on each other without a gap is one stretch, and there is one row a calendar: a program's week is
    # hundreds of appointments, and each costs more to hand over than to put together.
    runs = (
        select(taken.c.calendar_id, taken.c.seat, func.unnest(func.range_agg(taken.c.during)).label("run"))
        .group_by(taken.c.calendar_id, taken.c.seat)
        .subquery("runs")
    )
    return select(
        runs.c.calendar_id,
        func.array_agg(cast(func.extract("epoch", func.lower(runs.c.run)), BigInteger)).label("begins"),
        func.array_agg(cast(func.extract("epoch", func.upper(runs.c.run)), BigInteger)).label("ends"),
        func.array_agg(runs.c.seat).label("seats"),
    ).group_by(runs.c.calendar_id)


@lru_cache
def _calendars_with_taken() -> Select[*tuple[Any, ...]]:
    gone = _taken(clinicians=False).subquery("gone")
    query = _calendars("programs", bounded=False)
    return query.add_columns(gone.c.begins, gone.c.ends, gone.c.seats).join(
        gone, gone.c.calendar_id == _CALENDARS.id, isouter=True
    )


def _stretch(since: datetime, until: datetime | None) -> dict[str, Any]:
    values: dict[str, Any] = {"since": since, "from_day": (since - _MARGIN).date()}
    if until is not None:
        values |= {"until": until, "to_day": (until + _MARGIN).date()}
    return values


@lru_cache
def _calendars(which: Literal["programs", "calendars"], *, bounded: bool) -> Select[*tuple[Any, ...]]:
    """One row a calendar, its hours gathered into JSON beside it: a single round trip however many there are."""
    weekly = select(func.jsonb_agg(func.jsonb_build_array(_WEEKLY.weekday, _WEEKLY.opens, _WEEKLY.closes))).where(
        _WEEKLY.calendar_id == _CALENDARS.id
    )
    dates = select(func.jsonb_agg(func.jsonb_build_array(_DATES.day, _DATES.opens, _DATES.closes))).where(
        _DATES.calendar_id == _CALENDARS.id, _DATES.day >= bindparam("from_day")
    )
    blocks = select(
        func.jsonb_agg(
            func.jsonb_build_array(func.extract("epoch", _BLOCKS.starts_at), func.extract("epoch", _BLOCKS.ends_at))
        )
    ).where(_BLOCKS.calendar_id == _CALENDARS.id, _BLOCKS.ends_at > bindparam("since"))
    if bounded:
        dates = dates.where(_DATES.day <= bindparam("to_day"))
        blocks = blocks.where(_BLOCKS.starts_at < bindparam("until"))
    # As text: what many calendars have alike is then read once (`_weekly_of`).
    gathered = (cast(each.scalar_subquery(), Text) for each in (weekly, dates, blocks))
    column = _CALENDARS.program_id if which == "programs" else _CALENDARS.id
    return (
        select(
            _CALENDARS.id,
            _CALENDARS.program_id,
            _CALENDARS.name,
            _CALENDARS.kind,
            _CALENDARS.languages,
            _PROGRAMS.zone,
            _CALENDARS.minutes,
            _CALENDARS.buffer,
            _CALENDARS.capacity,
            _CALENDARS.lead_hours,
            _CALENDARS.horizon_days,
            _CALENDARS.clinician,
            *gathered,
        )
        .join(Program.__table__, _PROGRAMS.id == _CALENDARS.program_id)
        .where(
            _CALENDARS.active,
            _PROGRAMS.active,
            column == func.any(bindparam("which", type_=ARRAY(String if which == "programs" else Uuid))),
        )
        .order_by(_CALENDARS.program_id, _CALENDARS.name, _CALENDARS.id)
    )


def _read(row: Any) -> OpenCalendar:
    (
        calendar_id,
        program_id,
        name,
        kind,
        languages,
        zone,
        minutes,
        buffer,
        capacity,
        lead,
        horizon,
        clinician,
        weekly,
        dates,
        blocks,
    ) = row
    hours = Hours(
        zone=zone,
        minutes=minutes,
        weekly=_weekly_of(weekly),
        dates=_dates_of(dates) if dates else {},
        blocks=tuple((_moment(begins), _moment(ends)) for begins, ends in json.loads(blocks)) if blocks else (),
        buffer=buffer,
        capacity=capacity,
        lead_hours=lead,
        horizon_days=horizon,
    )
    return OpenCalendar(calendar_id, program_id, name, kind, tuple(languages or ()), hours, clinician)


@lru_cache(maxsize=4_096)  # clinicians keep much the same hours
def _weekly_of(gathered: str | None) -> Mapping[int, tuple[Span, ...]]:
    by_weekday: dict[int, list[Span]] = defaultdict(list)
    for weekday, opens, closes in json.loads(gathered) if gathered else ():
        by_weekday[weekday].append(_span(opens, closes))
    return {weekday: tuple(sorted(spans)) for weekday, spans in by_weekday.items()}


@lru_cache(maxsize=4_096)
def _dates_of(gathered: str) -> Mapping[date, tuple[Span, ...]]:
    by_date: dict[date, list[Span]] = {}
    for day, opens, closes in json.loads(gathered):
        spans = by_date.setdefault(date.fromisoformat(day), [])
        if opens is not None and closes is not None:
            spans.append(_span(opens, closes))
    return {day: tuple(sorted(spans)) for day, spans in by_date.items()}


def _span(opens: str, closes: str) -> Span:
    return Span(time.fromisoformat(opens), time.fromisoformat(closes))


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
