"""Slot arithmetic: from a calendar's hours and what is taken to its openings. No I/O.

Hours are wall-clock hours of the program's zone. A day is open from the first moment its clock shows `opens` until
the first moment it shows `closes` or later; slots start on a grid from `opens` in steps of the appointment and its
buffer. Where clocks go forward, a start that no clock shows is left out; where they go back, an hour that is shown
twice is offered once, the first time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
FREE: Final = float("-inf")
EVERY_SEAT: Final = -1  # as a seat: the clinician is in another calendar's appointment then


class Span(NamedTuple):
    """One open stretch of a day, local time; `opens` < `closes`."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Hours:
    """When a calendar is open, and how it books.

    `weekly`: weekday (0 is Monday) to its stretches; `dates`: what a date has instead, nothing for a holiday;
    `blocks`: moments (from, until) in which it is not available. Minutes; `capacity` clients are seen side by side.
    """

    zone: str
    minutes: int
    weekly: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    blocks: tuple[tuple[datetime, datetime], ...] = ()
    buffer: int = 0
    capacity: int = 1
    lead_hours: float = 24
    horizon_days: int = 28

    def on(self, day: date) -> tuple[Span, ...]:
        return self.dates[day] if day in self.dates else self.weekly.get(day.weekday(), ())


class Taken(NamedTuple):
    """A seat that is held or booked from `starts_at` until `busy_until` (the buffer included)."""

    starts_at: datetime
    busy_until: datetime
    seat: int = 0


class Slot(NamedTuple):
    """One opening, UTC. `ends_at` is the appointment's end, `busy_until` the end with the buffer after it."""

    starts_at: datetime
    ends_at: datetime
    busy_until: datetime


class Seats:
    """What is taken of a calendar, with moments as seconds since 1970: looked at for every slot, so kept lean."""

    def __init__(self, begins: Sequence[float], ends: Sequence[float], seats: Sequence[int]) -> None:
        self._taken = sorted(zip(begins, ends, seats, strict=True))

    @classmethod
    def of(cls, taken: Iterable[Taken]) -> Seats:
        rows = [(t.starts_at.timestamp(), t.busy_until.timestamp(), t.seat) for t in taken]
        return cls([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])

    def busy_for(self, capacity: int) -> Callable[[float, float], float]:
        """Until when no seat below `capacity` is free from one moment to another; FREE where one is. In seconds.

        Whatever starts before that moment, later than what was asked about, finds no seat either.
        """
        taken = [each for each in self._taken if each[2] < capacity]
        starts = [begins for begins, _, _ in taken]
        latest_end = list(accumulate((ends for _, ends, _ in taken), max))  # of this one and all before it

        def busy(begins: float, until: float) -> float:
            later = bisect_left(starts, until)
            if later == 0 or latest_end[later - 1] <= begins:
                return FREE
            if capacity == 1:
                return latest_end[later - 1]
            seats: dict[int, float] = {}
            for place in range(later - 1, -1, -1):
                if latest_end[place] <= begins:
                    break
                if taken[place][1] > begins:
                    if taken[place][2] == EVERY_SEAT:
                        return taken[place][1]
                    seats[taken[place][2]] = max(taken[place][1], seats.get(taken[place][2], FREE))
            return FREE if len(seats) < capacity else min(seats.values())

        return busy


_NOTHING: Final = Seats((), (), ())


def openings(
    hours: Hours,
    taken: Iterable[Taken] | Seats,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    on: Callable[[date], bool] | None = None,
) -> Iterator[Slot]:
    """The openings that start in [since, until), soonest first, worked out day by day as they are asked for.

    `on`: only those of days (of the calendar's zone) for which it is true.

    An opening is at least `lead_hours` and less than `horizon_days` from `now`, lies in the hours, touches no block
    and has a seat that is free for its whole span.
    """
    zone = ZoneInfo(hours.zone)
    first = max(since, now + timedelta(hours=hours.lead_hours)).astimezone(UTC)
    last = min(until, now + timedelta(days=hours.horizon_days)).astimezone(UTC)
    if first >= last:
        return
    busy = (taken if isinstance(taken, Seats) else Seats.of(taken)).busy_for(hours.capacity)
    begins, ends = first.timestamp(), last.timestamp()
    day, final = first.astimezone(zone).date(), last.astimezone(zone).date()
    while day <= final:
        if on is not None and not on(day):
            day += _DAY
            continue
        for start, busy_until, slot in _grid(hours.zone, hours.minutes, hours.buffer, hours.on(day), day):
            if not begins <= start < ends:
                continue
            taken_until = busy(start, busy_until)
            if taken_until > start:
                begins = taken_until  # a day that is full is looked at once, not for every slot
            elif not _blocked(hours, slot):
                yield slot
        day += _DAY


def slot_at(hours: Hours, starts_at: datetime, *, now: datetime) -> Slot | None:
    """The slot of the grid that starts just then, whether or not it is taken; None where there is none."""
    return next(openings(hours, _NOTHING, since=starts_at, until=starts_at + _INSTANT, now=now), None)


@lru_cache(maxsize=8192)  # clinicians keep much the same hours: a day is worked out once, not for each of them
def _grid(
    zone_name: str, minutes: int, pause: int, spans: tuple[Span, ...], day: date
) -> tuple[tuple[float, float, Slot], ...]:
    """The slots of a day, each with its start and `busy_until` in seconds."""
    zone, length, buffer = ZoneInfo(zone_name), timedelta(minutes=minutes), timedelta(minutes=pause)
    found: dict[datetime, Slot] = {}
    for span in spans:
        wall = datetime.combine(day, span.opens)
        closes = datetime.combine(day, span.closes)
        while wall + length <= closes:
            starts_at = wall.replace(tzinfo=zone).astimezone(UTC)
            ends_at = starts_at + length
            shown = starts_at.astimezone(zone).replace(tzinfo=None)
            # Where clocks go forward inside the slot, its end comes later on the wall than reckoned above.
            if shown == wall and (ends_at - _INSTANT).astimezone(zone).replace(tzinfo=None) < closes:
                found[starts_at] = Slot(starts_at, ends_at, ends_at + buffer)
            wall += length + buffer
    return tuple((start.timestamp(), found[start].busy_until.timestamp(), found[start]) for start in sorted(found))


def _blocked(hours: Hours, slot: Slot) -> bool:
    return any(begins < slot.busy_until and slot.starts_at < ends for begins, ends in hours.blocks)
