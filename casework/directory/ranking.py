"""Which programs come first for a person, and why each is shown. Rules only: no database, no clock.

A program's place in the list is a number of miles: the way there, and for each thing that speaks against it the miles
a person would rather travel. So a fitting program down the road comes before a nearer one that would send them away,
and a perfect one three counties off does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from casework.geography import Place, miles

FARTHEST_MILES = 200.0  # beyond that a program is no help to somebody without a car
FAR_MILES = 60.0  # from here on, one that can be reached by phone or video is shown beside
MISFIT_MILES = 15.0
OUTSIDE_MILES = 100.0  # a program that serves other counties only
SOON = timedelta(days=7)
PHONE_MILES, FULL_MILES = 5.0, 10.0  # waits that are not known, and a calendar without an opening

_CASE_MANAGEMENT = {"case_management", "intensive_case_management", "act"}


@dataclass(frozen=True)
class Seeker:
    """Who looks for a program. What is None is not known and excludes nothing.

    `county`: five-digit FIPS, where the person named it; else the ZIP's own. `remote`: would rather be seen by phone
    or video.
    """

    place: Place
    age: int | None = None
    veteran: bool | None = None
    payer: str | None = None
    language: str = "en"
    county: str | None = None
    remote: bool = False

    @property
    def county_fips(self) -> str | None:
        return self.county or self.place.county_fips


class Candidate(Protocol):
    """What of a program its rank depends on."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    @property
    def age_min(self) -> int: ...
    @property
    def age_max(self) -> int | None: ...
    @property
    def veterans_only(self) -> bool: ...
    @property
    def payers(self) -> Sequence[str]: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def services(self) -> Sequence[str]: ...
    @property
    def service_counties(self) -> Sequence[str]: ...
    @property
    def telehealth(self) -> bool: ...


Openings = Mapping[str, datetime | None]
"""The first opening of each program that has an online calendar; None where it is full."""


@dataclass(frozen=True)
class Ranked:
    """A program in its place: how far, what it costs in miles, why it is shown, and when it has room."""

    id: str
    miles: float
    score: float
    because: list[str] = field(default_factory=list)
    opening: datetime | None = None
    full: bool = False


def takes(program: Candidate, seeker: Seeker) -> bool:
    """Whether the program could take this person, as far as both are known. Price is no reason to hide a place."""
    if program.veterans_only and seeker.veteran is not True and seeker.payer != "va":
        return False
    if seeker.age is not None:
        return program.age_min <= seeker.age <= (program.age_max if program.age_max is not None else 200)
    return program.kind != "child"  # a stranger who gave no age is asked for as an adult


def fit(program: Candidate, seeker: Seeker) -> tuple[float, list[str]]:
    """What speaks against the program beside its distance, in miles; and what speaks for it."""
    because: list[str] = []
    misfits, county = 0, seeker.county_fips
    outside = bool(county and program.service_counties and county not in program.service_counties)
    if outside:
        because.append("outside_area")
    elif county and program.service_counties:
        because.append("area")
    if seeker.payer and seeker.payer in program.payers:
        because.append(f"payer_{seeker.payer}")
    elif seeker.payer:
        misfits += 2 if program.payers else 1  # a source that lists none may just not say
    if seeker.language in program.languages and seeker.language != "en":
        because.append("language")
    elif seeker.language not in program.languages and seeker.language != "en":
        misfits += 1
    if seeker.veteran and program.kind == "va":
        because.append("veteran")
    if seeker.age is not None and program.kind in ("child", "older_adult"):
        because.append(program.kind)
    if program.kind in ("cmhc", "ccbhc"):
        because.append("front_door")
    elif not _CASE_MANAGEMENT & set(program.services) and program.kind != "va":
        misfits += 2 if program.services else 1
    if seeker.remote and not program.telehealth:
        misfits += 1
    return MISFIT_MILES * misfits + (OUTSIDE_MILES if outside else 0.0), because


def waiting(program_id: str, openings: Openings, at: datetime) -> float:
    """What the wait for the first opening costs, in miles: nothing within a week, then one a day."""
    if program_id not in openings:
        return PHONE_MILES
    opening = openings[program_id]
    if opening is None:
        return FULL_MILES
    return min(FULL_MILES, max(0.0, (opening - at - SOON) / timedelta(days=1)))


@dataclass(frozen=True)
class Weighed:
    """A program as this person sees it, before anything is known of its openings. Miles."""

    program: Candidate
    miles: float
    cost: float
    because: list[str]


def weigh(program: Candidate, seeker: Seeker) -> Weighed:
    here = (seeker.place.latitude, seeker.place.longitude)
    cost, because = fit(program, seeker)
    return Weighed(program, miles(here, (program.latitude, program.longitude)), cost, because)


def in_order(weighed: Iterable[Weighed], *, openings: Openings, at: datetime) -> list[Ranked]:
    """All of them, however far, best first."""
    everything: list[Ranked] = []
    for each in weighed:
        name, because = each.program.id, list(each.because)
        opening = openings.get(name)
        full = name in openings and opening is None
        if opening is not None and opening - at <= SOON:
            because.append("soon")
        if full:
            because.append("full")
        score = each.miles + each.cost + waiting(name, openings, at)
        everything.append(Ranked(name, each.miles, score, because, opening, full))
    everything.sort(key=lambda each: (each.score, each.id))
    return everything


def rank(
    programs: Sequence[Candidate], seeker: Seeker, limit: int, *, openings: Openings, at: datetime
) -> list[Ranked]:
    """The programs that would take the seeker, best first, `limit` of them.

    Within 200 miles. Among them, where there are any: for a veteran both the VA and the community; where all is far,
    one in the state that sees people by phone or video; and where the best one is full, the best with room after it.
    Programs by phone or video in the state fill what is left empty.
    """
    weighed = [weigh(program, seeker) for program in programs if takes(program, seeker)]
    return choose(weighed, seeker, limit, openings=openings, at=at)


def choose(weighed: Sequence[Weighed], seeker: Seeker, limit: int, *, openings: Openings, at: datetime) -> list[Ranked]:
    """`rank`, for programs that are weighed already."""
    known = {each.program.id: each.program for each in weighed}
    everything = in_order(weighed, openings=openings, at=at)
    near = [each for each in everything if each.miles <= FARTHEST_MILES]

    def is_remote(each: Ranked) -> bool:
        program = known[each.id]
        return program.telehealth and program.state == seeker.place.state

    best = near[:limit]
    best += [each for each in everything if each.miles > FARTHEST_MILES and is_remote(each)][: limit - len(best)]
    musts: list[Ranked] = []

    def must(pool: Sequence[Ranked], wanted: Callable[[Ranked], bool], reason: str | None = None) -> None:
        found = next((each for each in best if wanted(each)), None) or next(filter(wanted, pool), None)
        if found is not None:
            musts.append(found)
            if reason and reason not in found.because:
                found.because.append(reason)

    if best and best[0].full:
        must(near, lambda each: each.opening is not None, "room")
    if seeker.veteran:
        must(near, lambda each: known[each.id].kind == "va")
        must(near, lambda each: known[each.id].kind != "va")
    if not best or min(each.miles for each in best) > FAR_MILES or seeker.remote:
        must(everything, is_remote, "telehealth")
    return _with(best, musts, limit)


def _with(best: list[Ranked], musts: list[Ranked], limit: int) -> list[Ranked]:
    """The best with those that must be among them: the last others make way, the first never does."""
    first = best[:1]
    for each in musts:
        if each not in first and len(first) < limit:
            first.append(each)
    rest = [each for each in best if each not in first][: limit - len(first)]
    after = sorted([*first[1:], *rest], key=lambda each: ("room" not in each.because, each.score, each.id))
    result = [*first[:1], *after]
    if result:
        min(result, key=lambda each: each.miles).because.insert(0, "nearest")
    return result
