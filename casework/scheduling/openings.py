"""Openings to offer: a few that fit what the client wished for, the soonest first, not all on one morning."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from casework.moments import told_by
from casework.scheduling import calendars, slots
from casework.scheduling.calendars import OpenCalendar
from casework.scheduling.errors import OpeningGone
from casework.scheduling.slots import Seats
from casework.scheduling.wishes import AFTERNOON, EVENING, Wishes

# What is taken is read a stretch at a time, the first together with the calendars: most programs have something within
# days, few need the whole horizon.
_FIRST_STRETCH = timedelta(days=9)
_FURTHEST = timedelta(days=366)  # no calendar reaches this far ahead
_ZONES_REACH = timedelta(hours=14)  # how far a date's local midnight can lie from UTC's


@dataclass(frozen=True)
class Opening:
    """One opening. Moments are UTC; `zone` is the IANA zone in which it is shown (`moments.told_by`)."""

    calendar_id: uuid.UUID
    program_id: str
    starts_at: datetime
    ends_at: datetime
    busy_until: datetime
    kind: str
    calendar_name: str
    zone: str

    @property
    def ref(self) -> str:
        """A name for it that fits into a choice's payload; `read_ref` reads it back."""
        return make_ref(self.calendar_id, self.starts_at)

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(ZoneInfo(self.zone))


def make_ref(calendar_id: uuid.UUID, starts_at: datetime) -> str:
    """The `ref` of the opening of this calendar at this moment."""
    return f"{calendar_id.hex}-{int(starts_at.timestamp())}"


def read_ref(ref: str) -> tuple[uuid.UUID, datetime]:
    """The calendar and start that a `ref` names. Raises OpeningGone where it names nothing."""
    calendar, _, seconds = ref.partition("-")
    try:
        return uuid.UUID(hex=calendar), datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise OpeningGone("this names no opening") from error


async def find(
    session: AsyncSession,
    program_ids: Iterable[str],
    *,
    wishes: Wishes | None = None,
    at: datetime,
    limit: int = 3,
    after: datetime | None = None,
    before: datetime | None = None,
    exclude: Collection[str] = (),
    language: str | None = None,
    zone: str | None = None,
    each_calendar: bool = False,
) -> list[Opening]:
    """Up to `limit` openings of these programs, the soonest first, on different days or parts of a day where possible.

    `after`: only later ones ("show me more"); `before`: only earlier ones; `exclude`: refs not to offer (again);
    `language`: calendars that speak it, where there are any; `zone`: the client's, by whose clock calls and video are
    shown and wished for. With `wishes.soonest` simply the first ones. `each_calendar`: every calendar's, so that it can
    be chosen who; a start is then shown whole, beyond the limit.
    """
    if limit < 1 or (wishes is not None and wishes.past) or (after is not None and after - at > _FURTHEST):
        return []
    begins = _earliest(wishes, at, after)
    ends = begins + _FIRST_STRETCH
    found, taken = await calendars.with_taken(session, program_ids, since=begins, until=ends, at=at)
    wanted = _speaking(found, language)
    if not wanted:
        return []
    since, until = _window(wanted, wishes, at, after, before)
    choice = _Each(limit) if each_calendar else _Choice(limit, spread=not (wishes is not None and wishes.soonest))
    programs = {calendar.program_id for calendar in wanted}
    while since < until:
        for opening in _merged(wanted, taken, since, min(ends, until), at, wishes, zone):
            if wishes is not None and not wishes.accept(opening.local_start, opening.kind):
                continue
            if opening.ref not in exclude and choice.add(opening):
                return choice.result()
        since, ends = max(since, ends), ends + 2 * (ends - begins)
        if since < until:
            taken = await calendars.taken(
                session, programs, since=since, until=min(ends, until), at=at, clinicians=calendars.shared(wanted)
            )
    return choice.result()


async def next_opening(session: AsyncSession, program_ids: Iterable[str], at: datetime) -> dict[str, datetime]:
    """The start (UTC) of each program's first opening; a program without one is left out. At most a few queries."""
    found: dict[str, datetime] = {}
    ends = at + _FIRST_STRETCH
    waiting, taken = await calendars.with_taken(session, program_ids, since=at, until=ends, at=at)
    if not waiting:
        return found
    since, until = _window(waiting, None, at, None, None)
    while since < until:
        for calendar in waiting:
            stop = min(ends, until, found.get(calendar.program_id, until))
            seats = taken.get(calendar.id, ())
            first = next(slots.openings(calendar.hours, seats, since=since, until=stop, now=at), None)
            if first is not None:
                found[calendar.program_id] = first.starts_at
        waiting = [calendar for calendar in waiting if calendar.program_id not in found]
        if not waiting:
            break
        since, ends = max(since, ends), ends + 2 * (ends - at)
        programs = {calendar.program_id for calendar in waiting}
        if since < until:
            taken = await calendars.taken(
                session, programs, since=since, until=min(ends, until), at=at, clinicians=calendars.shared(waiting)
            )
    return found


def _speaking(found: list[OpenCalendar], language: str | None) -> list[OpenCalendar]:
    if language is None:
        return found
    return [calendar for calendar in found if language in calendar.languages] or found


def _earliest(wishes: Wishes | None, at: datetime, after: datetime | None) -> datetime:
    """Before this nothing is to be offered, whatever notice the calendars need."""
    since = at
    if after is not None:
        since = max(since, after + timedelta(microseconds=1))
    if wishes is not None and wishes.not_before is not None:
        since = max(since, _midnight(wishes.not_before) - _ZONES_REACH)
    return since


def _window(
    wanted: Sequence[OpenCalendar],
    wishes: Wishes | None,
    at: datetime,
    after: datetime | None,
    before: datetime | None,
) -> tuple[datetime, datetime]:
    notice = timedelta(hours=min(calendar.hours.lead_hours for calendar in wanted))
    since = max(at + notice, _earliest(wishes, at, after))
    until = at + timedelta(days=max(calendar.hours.horizon_days for calendar in wanted))
    if before is not None:
        until = min(until, before)
    if wishes is not None and wishes.not_after is not None:
        until = min(until, _midnight(wishes.not_after) + timedelta(days=1) + _ZONES_REACH)
    return since, until


def _near(wishes: Wishes) -> Callable[[date], bool]:
    """Days of a calendar that may hold what is another date by the client's clock; each opening is then judged."""
    return lambda day: any(wishes.day_fits(day + timedelta(days=off)) for off in (-1, 0, 1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


def _merged(
    wanted: Sequence[OpenCalendar],
    taken: Mapping[uuid.UUID, Seats],
    begins: datetime,
    ends: datetime,
    at: datetime,
    wishes: Wishes | None,
    client_zone: str | None,
) -> Iterator[Opening]:
    def of(calendar: OpenCalendar) -> Iterator[Opening]:
        seats = taken.get(calendar.id, ())
        zone = told_by(calendar.kind, calendar.hours.zone, client_zone)
        on = None if wishes is None else wishes.day_fits if zone == calendar.hours.zone else _near(wishes)
        for slot in slots.openings(calendar.hours, seats, since=begins, until=ends, now=at, on=on):
            yield Opening(
                calendar_id=calendar.id,
                program_id=calendar.program_id,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                busy_until=slot.busy_until,
                kind=calendar.kind,
                calendar_name=calendar.name,
                zone=zone,
            )

    return heapq.merge(*(of(calendar) for calendar in wanted), key=lambda opening: opening.starts_at)


class _Choice:
    """Picks from openings that come soonest first: one for each part of each day, and spares should those run out."""

    def __init__(self, limit: int, *, spread: bool) -> None:
        self._limit, self._spread = limit, spread
        self._picked: dict[object, Opening] = {}
        self._spare: dict[tuple[datetime, str], Opening] = {}

    def add(self, opening: Opening) -> bool:
        """Takes it into account; True once there is enough."""
        kept = self._picked.setdefault(self._place(opening), opening)
        if (opening.starts_at, opening.kind) != (kept.starts_at, kept.kind) and len(self._spare) < self._limit:
            self._spare.setdefault((opening.starts_at, opening.kind), opening)
        return len(self._picked) >= self._limit

    def result(self) -> list[Opening]:
        picked = list(self._picked.values())
        picked += list(self._spare.values())[: self._limit - len(picked)]
        return sorted(picked, key=lambda opening: opening.starts_at)

    def _place(self, opening: Opening) -> object:
        if not self._spread:
            return opening.starts_at
        local = opening.local_start
        part = sum(local.time() >= begins for begins in (AFTERNOON, EVENING))
        return local.date(), part


class _Each(_Choice):
    """The first ones of every calendar, all that begin with the last of them included."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, spread=False)

    def add(self, opening: Opening) -> bool:
        last = next(reversed(self._picked.values()), opening)
        if len(self._picked) >= self._limit and opening.starts_at != last.starts_at:
            return True
        self._picked[opening.ref] = opening
        return False
