"""The nearest programs that would take this person. The rules are in `ranking.py`; here is what finds, without looking
at every program, all that could be among the first."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.directory.ranking import (
    FAR_MILES,
    FARTHEST_MILES,
    FULL_MILES,
    PHONE_MILES,
    Ranked,
    Seeker,
    Weighed,
    choose,
    in_order,
    weigh,
)
from casework.directory.tables import ON_EARTH, Program
from casework.geography import Place, miles
from casework.geography.zips import EARTH_RADIUS_MILES
from casework.scheduling import openings

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


class Row(NamedTuple):
    """What a program's rank depends on, read without the rest of it."""

    id: str
    kind: str
    state: str
    latitude: float
    longitude: float
    age_min: int
    age_max: int | None
    veterans_only: bool
    telehealth: bool
    payers: tuple[str, ...]
    languages: tuple[str, ...]
    services: tuple[str, ...]
    service_counties: tuple[str, ...]
    bookable: bool


# Plain SQL, since building the statement anew would cost more than running it.
_READ = """
select id, kind, state, latitude, longitude, age_min, age_max, veterans_only, telehealth,
    payers::text, languages::text, services::text, service_counties::text,
    exists (select from calendars where calendars.program_id = programs.id and calendars.active)
from programs where active"""
_NOT_ONLY_VETERANS = " and not veterans_only"
_AT_THIS_AGE = " and age_min <= :age and coalesce(age_max, 200) >= :age"
_NO_CHILDREN = " and kind <> 'child'"
_VA, _COMMUNITY = " and kind = 'va'", " and kind <> 'va'"
_REMOTE = " and telehealth and state = :state"
_BOOKABLE = " and exists (select from calendars where calendars.program_id = programs.id and calendars.active)"
# Without the box around the reach, a search for what few programs offer would walk through all of the index.
_NEAREST_FIRST = f""" and {ON_EARTH} <@ cube_enlarge(cube(array[:x, :y, :z]::float8[]), :chord, 3)
    order by {ON_EARTH} <-> cube(array[:x, :y, :z]::float8[]) limit :size"""
# Within a state the state's index is the shorter way: the `+ 0` keeps the other one out.
_NEAREST_FIRST_OF_THESE = f" order by ({ON_EARTH} <-> cube(array[:x, :y, :z]::float8[])) + 0 limit :size"
# Where the server lacks `cube`. Longitudes count on over the date line: Alaska's islands and Guam lie beyond it.
_IN_THE_BOX = """ and latitude between :south and :north and (longitude between :west and :east
    or longitude - 360 between :west and :east or longitude + 360 between :west and :east)"""
_LOAD = select(Program).where(Program.id.in_(bindparam("ids", expanding=True)))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """A JSON list. Directories repeat the same few, and reading them would be half the work of a search."""
    return tuple(json.loads(text))


def _read(row: Sequence[Any]) -> Row:
    return Row._make((*row[:9], *map(_words, row[9:13]), row[13]))


async def nearest(session: AsyncSession, seeker: Seeker, *, limit: int = 3, at: datetime | None = None) -> list[Found]:
    """Up to `limit` programs, best first, as `ranking.rank` orders the whole directory."""
    at = at or clock.now()
    search = _Search(session, seeker, at)
    ranked = await search.best(limit)
    rows = await session.execute(_LOAD, {"ids": [each.id for each in ranked]})
    programs = {program.id: program for program in rows.scalars()}
    return [Found(programs[each.id], each.miles, each.because, each.opening, each.full) for each in ranked]


async def miles_to_va(session: AsyncSession, place: Place) -> float | None:
    """Miles to the nearest VA hospital in the directory; None where it holds none."""
    hospitals = select(Program.latitude, Program.longitude).where(
        Program.active, Program.kind == "va", Program.name.ilike("%medical center%")
    )
    here = (place.latitude, place.longitude)
    return min(
        (miles(here, (north, east)) for north, east in (await session.execute(hospitals)).tuples()), default=None
    )


async def county_matters(session: AsyncSession, place: Place, counties: Sequence[str]) -> bool:
    """Whether a program within 60 miles serves some of these counties (FIPS) and not the others."""
    box = box_around(place, FAR_MILES)
    near = select(Program.service_counties).where(
        Program.active,
        Program.latitude.between(box["south"], box["north"]),
        Program.longitude.between(box["west"], box["east"]),
    )
    served = {tuple(each) for each in (await session.execute(near)).scalars() if each}
    return any(0 < len(set(counties) & set(each)) < len(set(counties)) for each in served)


class _Search:
    """One search: the programs that could be among the best, and their first openings."""

    def __init__(self, session: AsyncSession, seeker: Seeker, at: datetime) -> None:
        self._session, self._seeker, self._at = session, seeker, at
        self._values, self._conditions = _may_take(seeker)
        self._seen: dict[str, Weighed] = {}
        self._openings: dict[str, datetime | None] = {}

    async def best(self, limit: int) -> list[Ranked]:
        await self._gather(limit)
        near = [each for each in self._in_order() if each.miles <= FARTHEST_MILES][:limit]
        if self._seeker.veteran:
            kinds = {self._seen[each.id].program.kind == "va" for each in near}
            if True not in kinds:
                await self._gather(1, _VA)
            if False not in kinds:
                await self._gather(1, _COMMUNITY)
        if self._seeker.remote or len(near) < limit or min(each.miles for each in near) > FAR_MILES:
            await self._gather(limit, _REMOTE, reach=_ANYWHERE)
        if near and near[0].full:
            await self._find_room()
        return choose(list(self._seen.values()), self._seeker, limit, openings=self._openings, at=self._at)

    def _in_order(self) -> list[Ranked]:
        return in_order(self._seen.values(), openings=self._openings, at=self._at)

    async def _gather(self, wanted: int, where: str = "", reach: float = FARTHEST_MILES) -> None:
        """Sees to it that the best `wanted` programs within reach (miles) are seen, with their openings."""
        size = _FIRST_PAGE
        while True:
            rows, seen_to = await self._page(size, where, reach)
            highest = sorted(_bounds(row, bookable)[1] for row, bookable in rows if row.miles <= reach)
            cut = highest[wanted - 1] if len(highest) >= wanted else math.inf
            if seen_to >= min(cut, reach):
                break
            size *= _GROWTH
        await self._see((row, bookable) for row, bookable in rows if _bounds(row, bookable)[0] <= cut)

    async def _find_room(self) -> None:
        """Sees the best program that has an opening, however many full ones lie nearer."""
        size = _FIRST_PAGE
        while True:
            rows, seen_to = await self._page(size, _BOOKABLE, FARTHEST_MILES)
            await self._see(rows)
            open_now = (each.score for each in self._in_order() if each.opening is not None)
            if seen_to >= min([FARTHEST_MILES, *open_now]):
                return
            size *= _GROWTH

    async def _see(self, rows: Iterable[tuple[Weighed, bool]]) -> None:
        unknown = []
        for row, bookable in rows:
            self._seen[row.program.id] = row
            if bookable and row.program.id not in self._openings:
                unknown.append(row.program.id)
        if unknown:
            found = await openings.next_opening(self._session, unknown, self._at)
            self._openings.update((each, found.get(each)) for each in unknown)

    async def _page(self, size: int, where: str, reach: float) -> tuple[list[tuple[Weighed, bool]], float]:
        """The nearest `size` programs that may take the seeker, each with whether it has a calendar online; and the
        distance up to which these are all."""
        indexed = await _has_index(self._session)
        if indexed:
            bounds = _NEAREST_FIRST if reach < _ANYWHERE else _NEAREST_FIRST_OF_THESE
        else:
            bounds = _IN_THE_BOX if reach < _ANYWHERE else ""
        values = self._values | box_around(self._seeker.place, reach) | {"size": size, "chord": _chord(reach)}
        found = await self._session.execute(text("".join((_READ, self._conditions, where, bounds))), values)
        rows = [(weigh(row, self._seeker), row.bookable) for row in map(_read, found)]
        if not indexed or len(rows) < size:
            return rows, reach
        return rows, rows[-1][0].miles - 1e-6  # a hair short: others may lie just as far


def _may_take(seeker: Seeker) -> tuple[dict[str, Any], str]:
    """`ranking.takes` as SQL, and the values it and the other conditions name."""
    latitude, longitude = math.radians(seeker.place.latitude), math.radians(seeker.place.longitude)
    across = math.cos(latitude)
    values = {
        "age": seeker.age,
        "state": seeker.place.state,
        "x": across * math.cos(longitude),
        "y": across * math.sin(longitude),
        "z": math.sin(latitude),
    }
    conditions = _NO_CHILDREN if seeker.age is None else _AT_THIS_AGE
    if seeker.veteran is not True and seeker.payer != "va":
        conditions += _NOT_ONLY_VETERANS
    return values, conditions


def _chord(reach: float) -> float:
    """The straight line through a sphere of radius 1 that is so many miles on the ground; a hair more."""
    return 2 * math.sin(min(math.pi, reach / EARTH_RADIUS_MILES) / 2) + 1e-6


def box_around(place: Place, radius: float) -> dict[str, float]:
    """The box around a place; it is a little larger than the circle. Degrees."""
    north = radius / _MILES_A_DEGREE + 0.1
    east = radius / (_MILES_A_DEGREE * max(0.05, math.cos(math.radians(min(89.0, abs(place.latitude) + north)))))
    return {
        "south": place.latitude - north,
        "north": place.latitude + north,
        "west": place.longitude - east,
        "east": place.longitude + east,
    }


def _bounds(row: Weighed, bookable: bool) -> tuple[float, float]:
    """The least and the most that its score can be, whatever its openings."""
    score = row.miles + row.cost
    return (score, score + FULL_MILES) if bookable else (score + PHONE_MILES, score + PHONE_MILES)


_indexed: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


async def _has_index(session: AsyncSession) -> bool:
    """Whether this database has the index for nearest neighbours (it lacks it where `cube` is missing)."""
    engine = session.get_bind()
    if engine not in _indexed:
        found = await session.execute(text("select to_regclass('ix_programs_on_earth') is not null"))
        _indexed[engine] = bool(found.scalar_one())
    return _indexed[engine]
