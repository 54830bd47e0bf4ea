"""How much: hospital stays, days and contacts in a window of time, each as what the facts prove and still allow.

Pure arithmetic over `Facts`. Windows include both their ends; stays and days count calendar days.
"""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from casework.screening.facts import INTEGER_BOUNDS, NUMBER_BOUNDS, Facts
from casework.screening.logic import Status

COUNTED_MONTHS: Final = 24  # the window of the fact inpatient_stays_24_months
DAYS_MONTHS: Final = 12  # the window of the fact inpatient_days_12_months


@dataclass(frozen=True, slots=True)
class Range:
    """A quantity between its floor (what the facts prove) and its ceiling (what they still allow)."""

    floor: float
    ceiling: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.floor + other.floor, self.ceiling + other.ceiling)

    @property
    def exact(self) -> bool:
        return self.floor == self.ceiling

    def at_least(self, need: float) -> Status:
        if self.floor >= need:
            return Status.MET
        return Status.NOT_MET if self.ceiling < need else Status.UNKNOWN

    def at_most(self, need: float) -> Status:
        if self.ceiling <= need:
            return Status.MET
        return Status.NOT_MET if self.floor > need else Status.UNKNOWN


def exactly(value: float) -> Range:
    return Range(value, value)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to and including the day asked about: whole months, or days."""

    months: int = 0
    days: int = 0

    def first_day(self, as_of: date) -> date:
        """The same day `months` months before `as_of` (the month's last day where there is none), `days` days back.

        A window that reaches beyond the calendar begins with the calendar.
        """
        month = as_of.year * 12 + as_of.month - 1 - self.months
        year, index = divmod(month, 12)
        if year < date.min.year:
            return date.min
        last = calendar.monthrange(year, index + 1)[1]
        start = date(year, index + 1, min(as_of.day, last))
        return start - timedelta(days=self.days) if (start - date.min).days >= self.days else date.min


@dataclass(frozen=True, slots=True)
class KnownStay:
    """Calendar days, both included, known to lie in one stay; `open_ended` when its length is unknown."""

    first: date
    last: date
    open_ended: bool = False

    def days_since(self, start: date) -> int:
        return max(0, (self.last - max(self.first, start)).days + 1)


class Known:
    """The facts with what follows from them about hospital stays, worked out once for all tests."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.stays = _merged(_known_stays(facts))
        self.extra = self._undated()
        self.closed = self.extra == exactly(0) and not any(stay.open_ended for stay in self.stays)

    def stays_in(self, window: Window) -> int:
        start = window.first_day(self.facts.as_of)
        return sum(1 for stay in self.stays if stay.last >= start)

    def days_in(self, window: Window) -> int:
        start = window.first_day(self.facts.as_of)
        return sum(stay.days_since(start) for stay in self.stays)

    def _undated(self) -> Range:
        """Stays that were counted and not dated."""
        count = self.facts.inpatient_stays_24_months
        if count is not None:
            return exactly(max(0, count - self.stays_in(Window(months=COUNTED_MONTHS))))
        return Range(0, math.inf) if self.facts.inpatient_stays is None else exactly(0)


def _known_stays(facts: Facts) -> list[KnownStay]:
    as_of = facts.as_of
    stays: list[KnownStay] = []
    for stay in facts.inpatient_stays or ():
        if stay.discharged is not None:
            stays.append(KnownStay(stay.admitted, stay.discharged))
        elif facts.in_hospital_now is False:
            stays.append(KnownStay(stay.admitted, stay.admitted, open_ended=True))
        else:
            stays.append(KnownStay(stay.admitted, as_of))
    if facts.in_hospital_now and not any(stay.last == as_of for stay in stays):
        stays.append(KnownStay(as_of, as_of, open_ended=True))
    return stays


def _merged(stays: Sequence[KnownStay]) -> tuple[KnownStay, ...]:
    """Stays that share a calendar day are one stay; readmission on the next day is a second one."""
    merged: list[KnownStay] = []
    for stay in sorted(stays, key=lambda each: each.first):
        if merged and stay.first <= merged[-1].last:
            before = merged.pop()
            ends = max(before.last, stay.last)
            # The known end of one part does not tell when the other part ended.
            merged.append(KnownStay(before.first, ends, before.open_ended or stay.open_ended))
        else:
            merged.append(stay)
    return tuple(merged)


def inpatient_stays(known: Known, window: Window) -> Range:
    seen = known.stays_in(window)
    if window.months == COUNTED_MONTHS:
        return exactly(seen) + known.extra
    # A count over the longer window can rule a shorter one out, never in.
    return Range(seen, seen + known.extra.ceiling)


def inpatient_days(known: Known, window: Window) -> Range:
    told = known.facts.inpatient_days_12_months
    seen = known.days_in(window)
    if told is not None and window.months == DAYS_MONTHS:
        return exactly(max(told, seen))
    floor = max(seen, told or 0) if window.months > DAYS_MONTHS else seen
    return Range(floor, floor if known.closed else math.inf)


def admissions(known: Known, window: Window) -> Range:
    told = known.facts.admissions_180_days
    seen = known.stays_in(window)
    # Crisis-unit stays are not in the list of stays, so the list alone sets no ceiling.
    return Range(seen, math.inf) if told is None else exactly(max(told, seen))


def _shorter(short: int | None, long: int | None) -> Range:
    if short is not None:
        return exactly(short)
    return Range(0, math.inf if long is None else long)


def _longer(short: int | None, long: int | None) -> Range:
    floor = short or 0
    return Range(floor, math.inf) if long is None else exactly(max(long, floor))


def missed_appointments(known: Known, window: Window) -> Range:
    facts = known.facts
    pick = _shorter if window == Window(months=6) else _longer
    return pick(facts.missed_appointments_6_months, facts.missed_appointments_12_months)


def crisis_contacts(known: Known, window: Window) -> Range:
    facts = known.facts
    pick = _shorter if window == Window(months=12) else _longer
    return pick(facts.crisis_contacts_12_months, facts.crisis_contacts_24_months)


_STAY_WINDOWS: Final = frozenset(Window(months=months) for months in range(1, COUNTED_MONTHS + 1))
_STAY_FACTS: Final = frozenset(("inpatient_stays", "inpatient_stays_24_months", "in_hospital_now"))

# Which windows a quantity can be asked for (those the facts speak of) and which facts it is read from.
QUANTITIES: Final = {
    "inpatient_stays": (inpatient_stays, _STAY_WINDOWS, _STAY_FACTS),
    "inpatient_days": (inpatient_days, _STAY_WINDOWS, _STAY_FACTS | {"inpatient_days_12_months"}),
    "admissions": (
        admissions,
        frozenset((Window(days=180),)),
        frozenset(("admissions_180_days", "inpatient_stays", "in_hospital_now")),
    ),
    "missed_appointments": (
        missed_appointments,
        frozenset((Window(months=6), Window(months=12))),
        frozenset(("missed_appointments_6_months", "missed_appointments_12_months")),
    ),
    "crisis_contacts": (
        crisis_contacts,
        frozenset((Window(months=12), Window(months=24))),
        frozenset(("crisis_contacts_12_months", "crisis_contacts_24_months")),
    ),
}
NUMERIC_FACTS: Final = frozenset(INTEGER_BOUNDS) | frozenset(NUMBER_BOUNDS)


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of a test: a counted quantity over a window, or a numeric fact alone."""

    name: str
    window: Window | None = None

    def range(self, known: Known) -> Range:
        if self.window is not None:
            count, _, _ = QUANTITIES[self.name]
            return count(known, self.window)
        told: float | None = getattr(known.facts, self.name)
        # 0 is the GAF scale's own code for "cannot rate".
        if told is None or (self.name == "gaf" and told == 0):
            return Range(0, math.inf)
        return exactly(told)

    @property
    def facts(self) -> frozenset[str]:
        return frozenset((self.name,)) if self.window is None else QUANTITIES[self.name][2]
