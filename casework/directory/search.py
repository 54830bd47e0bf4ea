"""The nearest programs that would take this person, and why each is among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.geography import Place, miles

FARTHEST_MILES = 200.0  # beyond that a program is no help to somebody without a car
_RINGS = (40.0, FARTHEST_MILES)
_MILES_A_DEGREE = 69.0


@dataclass(frozen=True)
class Seeker:
    """Who looks for a program. What is None is not known and excludes nothing."""

    place: Place
    age: int | None = None
    veteran: bool | None = None
    payer: str | None = None
    language: str = "en"


@dataclass(frozen=True)
class Found:
    """A program with its distance in miles and the reasons it is shown (keys of the wording `utter_because_*`)."""

    program: Program
    miles: float
    because: list[str] = field(default_factory=list)


def takes(program: Program, seeker: Seeker) -> bool:
    """Whether the program could take this person, as far as both are known. Price is no reason to hide a place."""
    if program.veterans_only and seeker.veteran is not True and seeker.payer != "va":
        return False
    if seeker.age is not None:
        return program.age_min <= seeker.age <= (program.age_max if program.age_max is not None else 200)
    return program.kind != "child"  # a stranger who gave no age is asked for as an adult


def _fit(program: Program, seeker: Seeker) -> tuple[int, list[str]]:
    """How well the program fits beside its distance: smaller is better; and the reasons to tell."""
    because: list[str] = []
    misfit = 0
    if seeker.payer:
        if seeker.payer in program.payers:
            because.append(f"payer_{seeker.payer}")
        else:
            misfit += 2
    if seeker.language != "en":
        if seeker.language in program.languages:
            because.append("language")
        else:
            misfit += 1
    if seeker.veteran and program.kind == "va":
        because.append("veteran")
    if seeker.age is not None and program.kind in ("child", "older_adult"):
        because.append(program.kind)
    return misfit, because


def rank(programs: Sequence[Program], seeker: Seeker, limit: int) -> list[Found]:
    """The programs that would take the seeker, best first. Pure.

    Sorted by distance plus 15 miles for each misfit (a place that does not take their insurance, or not their
    language): a fitting program down the road comes before a nearer one that would send them away.
    A veteran is always shown the nearest VA program among the results, where one lies in reach.
    """
    here = (seeker.place.latitude, seeker.place.longitude)
    scored: list[tuple[float, str, Found]] = []
    for program in programs:
        if not takes(program, seeker):
            continue
        distance = miles(here, (program.latitude, program.longitude))
        if distance > FARTHEST_MILES:
            continue
        misfit, because = _fit(program, seeker)
        scored.append((distance + 15.0 * misfit, program.id, Found(program, distance, because)))
    scored.sort(key=lambda row: row[:2])
    best = [found for _, _, found in scored[:limit]]
    if seeker.veteran and best and not any(found.program.kind == "va" for found in best):
        va = next((found for _, _, found in scored if found.program.kind == "va"), None)
        if va is not None:
            best = [*best[: limit - 1], va]
    return best


async def nearest(session: AsyncSession, seeker: Seeker, *, limit: int = 3) -> list[Found]:
    """Up to `limit` programs within FARTHEST_MILES, best first."""
    found: list[Found] = []
    for ring in _RINGS:
        found = rank(await _within(session, seeker.place, ring), seeker, limit)
        if len(found) >= limit:
            break
    return found


async def _within(session: AsyncSession, place: Place, radius: float) -> Sequence[Program]:
    """Programs in the box around a place; the box is a little larger than the circle."""
    north = radius / _MILES_A_DEGREE
    east = radius / (_MILES_A_DEGREE * max(0.05, math.cos(math.radians(min(89.0, abs(place.latitude) + north)))))
    west, far = place.longitude - east, place.longitude + east
    across = Program.longitude.between(west, far)
    if west < -180:  # Alaska's Aleutians reach over the date line
        across = or_(across, Program.longitude >= west + 360)
    rows = await session.execute(
        select(Program).where(
            and_(Program.active, Program.latitude.between(place.latitude - north, place.latitude + north), across)
        )
    )
    return rows.scalars().all()
