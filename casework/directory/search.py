"""The nearest programs that would take this person. The rules are in `ranking.py`; here is what finds, without looking
at every program, all that could be among the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, ColumnElement, Double, and_, cast, exists, func, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.directory.ranking import (
    FAR_MILES,
    FARTHEST_MILES,
    FULL_MILES,
    PHONE_MILES,
    Ranked,
    Seeker,
    fit,
    in_order,
    rank,
)
from casework.directory.tables import ON_EARTH, Program
from casework.geography import miles
from casework.scheduling import openings
from casework.scheduling.tables import Calendar

_FIRST_PAGE, _GROWTH = 32, 4
_MILES_A_DEGREE = 69.0
_ANYWHERE = 13_000.0  # miles: farther than any two places on earth


@dataclass(frozen=True)
class Found:
    """A program with its distance in miles, the reasons it is shown (keys of the wording `utter_because_*`), and its
    first opening (UTC); `full`: it has an online calendar without one."""

    program: Program
    miles: float
    because: list[str] = field(default_factory=list)
    opening: datetime | None = None
    full: bool = False


@dataclass(frozen=True)
class Row:
    """What a program's rank depends on, read without the rest of it."""

    id: str
    kind: str
    state: str
    latitude: float
    longitude: float
    age_min: int
    age_max: int | None
    veterans_only: bool
    payers: list[str]
    languages: list[str]
    services: list[str]
    service_counties: list[str]
    telehealth: bool
    bookable: bool


_COLUMNS = (
    *(getattr(Program, name) for name in Row.__dataclass_fields__ if name != "bookable"),
    exists().where(Calendar.program_id == Program.id, Calendar.active).label("bookable"),
)
_ON_EARTH: ColumnElement[Any] = literal_column(ON_EARTH)


async def nearest(session: AsyncSession, seeker: Seeker, *, limit: int = 3, at: datetime | None = None) -> list[Found]:
    """Up to `limit` programs, best first, as `ranking.rank` orders the whole directory."""
    at = at or clock.now()
    search = _Search(session, seeker, at)
    ranked = await search.best(limit)
    rows = await session.execute(select(Program).where(Program.id.in_([each.id for each in ranked])))
    programs = {program.id: program for program in rows.scalars()}
    return [Found(programs[each.id], each.miles, each.because, each.opening, each.full) for each in ranked]


class _Search:
    """One search: the programs seen so far, and the first openings of those that could be among the best."""

    def __init__(self, session: AsyncSession, seeker: Seeker, at: datetime) -> None:
        self._session, self._seeker, self._at = session, seeker, at
        self._here = (seeker.place.latitude, seeker.place.longitude)
        self._seen: dict[str, Row] = {}
        self._openings: dict[str, datetime | None] = {}
        self._bounded: dict[str, tuple[float, float]] = {}

    async def best(self, limit: int) -> list[Ranked]:
        await self._gather(limit)
        near = [each for each in self._in_order() if each.miles <= FARTHEST_MILES][:limit]
        if self._seeker.veteran:
            kinds = {self._seen[each.id].kind == "va" for each in near}
            if True not in kinds:
                await self._gather(1, Program.kind == "va")
            if False not in kinds:
                await self._gather(1, Program.kind != "va")
        if self._seeker.remote or len(near) < limit or min(each.miles for each in near) > FAR_MILES:
            remote = and_(Program.telehealth, Program.state == self._seeker.place.state)
            await self._gather(limit, remote, reach=_ANYWHERE)
        if near and near[0].full:
            await self._find_room()
        return rank(list(self._seen.values()), self._seeker, limit, openings=self._openings, at=self._at)

    def _in_order(self) -> list[Ranked]:
        return in_order(list(self._seen.values()), self._seeker, openings=self._openings, at=self._at)

    async def _gather(self, wanted: int, *where: ColumnElement[bool], reach: float = FARTHEST_MILES) -> None:
        """Sees to it that the best `wanted` programs within reach (miles) are seen, with their openings."""
        size = _FIRST_PAGE
        while True:
            rows, seen_to = await self._page(size, where, reach)
            highest = sorted(self._bounds(row)[1] for row in rows if self._miles(row) <= reach)
            cut = highest[wanted - 1] if len(highest) >= wanted else math.inf
            if seen_to >= min(cut, reach):
                break
            size *= _GROWTH
        self._seen.update((row.id, row) for row in rows)
        await self._look_up(row for row in rows if row.bookable and self._bounds(row)[0] <= cut)

    async def _find_room(self) -> None:
        """Sees the best program that has an opening, however many full ones lie nearer."""
        bookable = exists().where(Calendar.program_id == Program.id, Calendar.active)
        size = _FIRST_PAGE
        while True:
            rows, seen_to = await self._page(size, (bookable,), FARTHEST_MILES)
            self._seen.update((row.id, row) for row in rows)
            await self._look_up(rows)
            open_now = (each.score for each in self._in_order() if each.opening is not None)
            if seen_to >= min([FARTHEST_MILES, *open_now]):
                return
            size *= _GROWTH

    async def _look_up(self, rows: Iterable[Row]) -> None:
        unknown = [row.id for row in rows if row.id not in self._openings]
        if unknown:
            found = await openings.next_opening(self._session, unknown, self._at)
            self._openings.update((each, found.get(each)) for each in unknown)

    def _miles(self, row: Row) -> float:
        return miles(self._here, (row.latitude, row.longitude))

    def _bounds(self, row: Row) -> tuple[float, float]:
        """The least and the most that the row's score can be, whatever its openings; read once a row."""
        known = self._bounded.get(row.id)
        if known is None:
            score = self._miles(row) + fit(row, self._seeker)[0]
            least, most = (0.0, FULL_MILES) if row.bookable else (PHONE_MILES, PHONE_MILES)
            known = self._bounded[row.id] = (score + least, score + most)
        return known

    async def _page(self, size: int, where: Sequence[ColumnElement[bool]], reach: float) -> tuple[list[Row], float]:
        """The nearest `size` programs that may take the seeker, and the distance up to which these are all."""
        query = select(*_COLUMNS).where(Program.active, *self._may_take(), *where)
        if not await _has_index(self._session):
            box = self._box(reach) if reach < _ANYWHERE else ()
            return [Row(*row) for row in await self._session.execute(query.where(*box))], _ANYWHERE
        latitude, longitude = (math.radians(degrees) for degrees in self._here)
        point = [math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)]
        here = func.cube(cast(point, ARRAY(Double)))
        nearest_first = query.order_by(_ON_EARTH.op("<->")(here)).limit(size)
        rows = [Row(*row) for row in await self._session.execute(nearest_first)]
        # A hair short of the last one's distance: others may lie just as far.
        return rows, self._miles(rows[-1]) - 1e-6 if len(rows) == size else _ANYWHERE

    def _may_take(self) -> list[ColumnElement[bool]]:
        """`ranking.takes`, as far as it saves reading rows."""
        seeker = self._seeker
        conditions: list[ColumnElement[bool]] = []
        if seeker.veteran is not True and seeker.payer != "va":
            conditions.append(~Program.veterans_only)
        if seeker.age is not None:
            conditions += [
                Program.age_min <= seeker.age,
                or_(Program.age_max.is_(None), Program.age_max >= seeker.age),
            ]
        else:
            conditions.append(Program.kind != "child")
        return conditions

    def _box(self, radius: float) -> tuple[ColumnElement[bool], ...]:
        """The box around a place; it is a little larger than the circle."""
        place, north = self._seeker.place, radius / _MILES_A_DEGREE + 0.1
        east = radius / (_MILES_A_DEGREE * max(0.05, math.cos(math.radians(min(89.0, abs(place.latitude) + north)))))
        west, far = place.longitude - east, place.longitude + east
        across: ColumnElement[bool] = Program.longitude.between(west, far)
        if west < -180:  # Alaska's Aleutians reach over the date line
            across = or_(across, Program.longitude >= west + 360)
        if far > 180:  # and Guam lies beyond it
            across = or_(across, Program.longitude <= far - 360)
        return Program.latitude.between(place.latitude - north, place.latitude + north), across


_indexed: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


async def _has_index(session: AsyncSession) -> bool:
    """Whether this database has the index for nearest neighbours (it lacks it where `cube` is missing)."""
    engine = session.get_bind()
    if engine not in _indexed:
        found = await session.execute(text("select to_regclass('ix_programs_on_earth') is not null"))
        _indexed[engine] = bool(found.scalar_one())
    return _indexed[engine]
