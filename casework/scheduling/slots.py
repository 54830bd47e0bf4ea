"""Slot arithmetic: from a calendar's hours and what is taken to its openings. No I/O.

Hours are wall-clock hours of the program's zone. A day is open from the first moment its clock shows `opens` until
the first moment it shows `closes` or later; slots start on a grid from `opens` in steps of the appointment and its
buffer. Where clocks go forward, a start that no clock shows is left out; where they go back, an hour that is shown
twice is offered once, the first time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


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


def openings(
    hours: Hours, taken: Iterable[Taken], *, since: datetime, until: datetime, now: datetime
) -> Iterator[Slot]:
    """The openings that start in [since, until), soonest first, worked out day by day as they are asked for.

    An opening is at least `lead_hours` and less than `horizon_days` from `now`, lies in the hours, touches no block
    and has a seat that is free for its whole span.
    """
    zone = ZoneInfo(hours.zone)
    first = max(since, now + timedelta(hours=hours.lead_hours)).astimezone(UTC)
    last = min(until, now + timedelta(days=hours.horizon_days)).astimezone(UTC)
    if first >= last:
        return
    seats = _Seats(taken, hours.capacity)
    day, final = first.astimezone(zone).date(), last.astimezone(zone).date()
    while day <= final:
        for slot in _grid(hours.zone, hours.minutes, hours.buffer, hours.on(day), day):
            if first <= slot.starts_at < last and seats.free(slot) and not _blocked(hours, slot):
                yield slot
        day += _DAY


def slot_at(hours: Hours, starts_at: datetime, *, now: datetime) -> Slot | None:
    """The slot of the grid that starts just then, whether or not it is taken; None where there is none."""
    return next(openings(hours, (), since=starts_at, until=starts_at + _INSTANT, now=now), None)


@lru_cache(maxsize=8192)  # clinicians keep much the same hours: a day is worked out once, not for each of them
def _grid(zone_name: str, minutes: int, pause: int, spans: tuple[Span, ...], day: date) -> tuple[Slot, ...]:
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
    return tuple(found[start] for start in sorted(found))


def _blocked(hours: Hours, slot: Slot) -> bool:
    return any(begins < slot.busy_until and slot.starts_at < ends for begins, ends in hours.blocks)


class _Seats:
    """What is taken, sorted, so that each slot looks at its neighbours only."""

    def __init__(self, taken: Iterable[Taken], capacity: int) -> None:
        self._taken = sorted(t for t in taken if 0 <= t.seat < capacity)
        self._starts = [t.starts_at for t in self._taken]
        self._longest = max((t.busy_until - t.starts_at for t in self._taken), default=timedelta(0))
        self._capacity = capacity

    def free(self, slot: Slot) -> bool:
        first = bisect_left(self._starts, slot.starts_at - self._longest)
        near = self._taken[first : bisect_left(self._starts, slot.busy_until, first)]
        return not near or len({t.seat for t in near if t.busy_until > slot.starts_at}) < self._capacity
