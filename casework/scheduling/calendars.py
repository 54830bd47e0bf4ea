"""Reading calendars with their hours, and what of them is taken. Every query that openings are worked out from."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import BigInteger, ScalarSelect, Select, and_, bindparam, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.scheduling.slots import Hours, Span, Taken
from casework.scheduling.tables import Appointment, Block, Calendar, DateHours, WeeklyHours

LONGEST = timedelta(days=1)  # no appointment lasts longer, its buffer included
_MARGIN = timedelta(days=2)  # a date of the program's zone against a moment in UTC


@dataclass(frozen=True)
class OpenCalendar:
    """An active calendar of an active program with its hours."""

    id: uuid.UUID
    program_id: str
    name: str
    kind: str
    languages: tuple[str, ...]
    hours: Hours


async def of_programs(
    session: AsyncSession, program_ids: Iterable[str], *, since: datetime, until: datetime | None = None
) -> list[OpenCalendar]:
    """The calendars of these programs; date hours and blocks only as far as they touch [since, until)."""
    ids = list(program_ids)
    if not ids:
        return []
    query = _calendars("programs", bounded=until is not None)
    rows = await session.execute(query, {"which": ids, **_stretch(since, until)})
    return [_read(row) for row in rows]


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
    session: AsyncSession, program_ids: Iterable[str], *, since: datetime, until: datetime, at: datetime
) -> dict[uuid.UUID, list[Taken]]:
    """The seats that are taken in [since, until), by calendar. A hold that ran out before `at` takes nothing."""
    values = {"programs": list(program_ids), "since": since, "at": at}
    rows = await session.execute(_taken(), {**values, "from_start": since - LONGEST, "to_start": until + LONGEST})
    return {
        calendar_id: [
            Taken(_moment(begins), _moment(ends), seat)
            for begins, ends, seat in zip(starts_at, busy_until, seats, strict=True)
        ]
        for calendar_id, starts_at, busy_until, seats in rows.tuples()
    }


# Statements are built once: building them took longer than running them.


@lru_cache
def _taken() -> Select[*tuple[Any, ...]]:
    # One row a calendar: a program's week is hundreds of appointments, and each row costs more than what is in it.
    return (
        select(
            Appointment.calendar_id,
            func.array_agg(cast(func.extract("epoch", Appointment.starts_at), BigInteger)),
            func.array_agg(cast(func.extract("epoch", Appointment.busy_until), BigInteger)),
            func.array_agg(Appointment.seat),
        )
        .where(
            Appointment.program_id.in_(bindparam("programs", expanding=True)),
            Appointment.starts_at >= bindparam("from_start"),  # with the program, what the index is over
            Appointment.starts_at < bindparam("to_start"),
            Appointment.busy_until > bindparam("since"),
            or_(
                Appointment.status == "booked",
                and_(Appointment.status == "held", Appointment.held_until > bindparam("at")),
            ),
        )
        .group_by(Appointment.calendar_id)
    )


def _stretch(since: datetime, until: datetime | None) -> dict[str, Any]:
    values: dict[str, Any] = {"since": since, "from_day": (since - _MARGIN).date()}
    if until is not None:
        values |= {"until": until, "to_day": (until + _MARGIN).date()}
    return values


@lru_cache
def _calendars(which: Literal["programs", "calendars"], *, bounded: bool) -> Select[*tuple[Any, ...]]:
    """One row a calendar, its hours gathered into JSON beside it: a single round trip however many there are."""
    weekly = (
        select(func.jsonb_agg(func.jsonb_build_array(WeeklyHours.weekday, WeeklyHours.opens, WeeklyHours.closes)))
        .where(WeeklyHours.calendar_id == Calendar.id)
        .scalar_subquery()
    )
    dates = select(func.jsonb_agg(func.jsonb_build_array(DateHours.day, DateHours.opens, DateHours.closes))).where(
        DateHours.calendar_id == Calendar.id, DateHours.day >= bindparam("from_day")
    )
    blocks = select(
        func.jsonb_agg(
            func.jsonb_build_array(func.extract("epoch", Block.starts_at), func.extract("epoch", Block.ends_at))
        )
    ).where(Block.calendar_id == Calendar.id, Block.ends_at > bindparam("since"))
    if bounded:
        dates = dates.where(DateHours.day <= bindparam("to_day"))
        blocks = blocks.where(Block.starts_at < bindparam("until"))
    aggregates: Sequence[ScalarSelect[Any]] = (weekly, dates.scalar_subquery(), blocks.scalar_subquery())
    column = Calendar.program_id if which == "programs" else Calendar.id
    return (
        select(
            Calendar.id,
            Calendar.program_id,
            Calendar.name,
            Calendar.kind,
            Calendar.languages,
            Program.zone,
            Calendar.minutes,
            Calendar.buffer,
            Calendar.capacity,
            Calendar.lead_hours,
            Calendar.horizon_days,
            *aggregates,
        )
        .join(Program, Program.id == Calendar.program_id)
        .where(Calendar.active, Program.active, column.in_(bindparam("which", expanding=True)))
        .order_by(Calendar.program_id, Calendar.name, Calendar.id)
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
        weekly,
        dates,
        blocks,
    ) = row
    by_weekday: dict[int, list[Span]] = defaultdict(list)
    for weekday, opens, closes in weekly or ():
        by_weekday[weekday].append(_span(opens, closes))
    by_date: dict[date, list[Span]] = {}
    for day, opens, closes in dates or ():
        spans = by_date.setdefault(date.fromisoformat(day), [])
        if opens is not None and closes is not None:
            spans.append(_span(opens, closes))
    hours = Hours(
        zone=zone,
        minutes=minutes,
        weekly={weekday: tuple(spans) for weekday, spans in by_weekday.items()},
        dates={day: tuple(spans) for day, spans in by_date.items()},
        blocks=tuple((_moment(begins), _moment(ends)) for begins, ends in blocks or ()),
        buffer=buffer,
        capacity=capacity,
        lead_hours=lead,
        horizon_days=horizon,
    )
    return OpenCalendar(calendar_id, program_id, name, kind, tuple(languages or ()), hours)


@lru_cache(maxsize=4_096)
def _span(opens: str, closes: str) -> Span:
    return Span(time.fromisoformat(opens), time.fromisoformat(closes))


@lru_cache(maxsize=65_536)  # clinicians begin at the same hours
def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
