"""Sums over counts. Pure: no database, no clock."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Ranges that times are counted in, in seconds: each bound begins one. Fine enough for a median, few enough to keep.
SECONDS = (
    0, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1_350, 1_800, 2_700, 3_600, 5_400, 7_200,
    10_800, 14_400, 21_600, 28_800, 43_200, 64_800, 86_400, 129_600, 172_800, 259_200, 432_000, 604_800, 1_209_600,
)  # fmt: skip
# The same for waiting for an appointment: whole days up to three weeks, then longer.
DAYS = (*range(22), 25, 28, 35, 42, 60, 90)
NONE = "none"  # it has not happened (yet)
LONGEST_DAYS = 3 * 366


def bucket(value: float, bounds: Sequence[float]) -> int:
    """Which range a value falls into: as Postgres' width_bucket counts, 1 is the first, 0 below it."""
    return bisect_right(bounds, value)


def quantile(counts: Mapping[int, int], bounds: Sequence[float], share: float) -> float | None:
    """The value below which `share` (0..1) of what was counted lies, read within its range by straight line; None
    where nothing was counted. What lies in the last range is taken for its beginning: "this long, or longer".
    """
    total = sum(counts.values())
    if not total:
        return None
    wanted, before = share * total, 0
    for number in sorted(counts):
        inside = counts[number]
        if inside and before + inside >= wanted:
            low = bounds[number - 1] if number else bounds[0]
            high = bounds[number] if number < len(bounds) else low
            return low + (high - low) * (wanted - before) / inside
        before += inside
    return float(bounds[-1])


def grouped(counts: Mapping[int, int], bounds: Sequence[float], edges: Sequence[float]) -> list[int]:
    """The fine ranges put together into those that begin at `edges` (each one of `bounds`)."""
    out = [0] * len(edges)
    for number, n in counts.items():
        out[max(bisect_right(edges, bounds[max(number, 1) - 1]) - 1, 0)] += n
    return out


def at_least(reached: Sequence[int]) -> list[int]:
    """From how many got exactly so far to how many got at least so far."""
    out, running = [], 0
    for n in reversed(reached):
        running += n
        out.append(running)
    return out[::-1]


@dataclass(frozen=True)
class Days:
    """A range of days, both ends included."""

    since: date
    until: date

    @property
    def long(self) -> int:
        return (self.until - self.since).days + 1


def days_of(since: date | None, until: date | None, today: date, *, whole_months: bool = False) -> Days:
    """The range asked for, put in order: the last 30 days where nothing is, never after today, three years at most.

    `whole_months`: from the first of its first month to the last of its last *finished* one. Two reports over ranges
    that differ by a day would show that day; of whole months there are few, and each is large.
    """
    until = min(until or today, today)
    since = min(since or until - timedelta(days=29), until)
    since = max(since, until - timedelta(days=LONGEST_DAYS - 1))
    if not whole_months:
        return Days(since, until)
    if until.day < calendar.monthrange(until.year, until.month)[1]:
        until = until.replace(day=1) - timedelta(days=1)
    return Days(min(since, until).replace(day=1), until)


def steps_of(days: Days, *, months: bool = False) -> list[Days]:
    """The range cut for a chart: days up to a month, weeks (from Monday) up to half a year, else months; by `months`
    whatever its length."""
    cut: list[Days] = []
    begins = days.since
    while begins <= days.until:
        if days.long <= 31 and not months:
            ends = begins
        elif days.long <= 184 and not months:
            ends = begins + timedelta(days=6 - begins.weekday())
        else:
            ends = begins.replace(day=calendar.monthrange(begins.year, begins.month)[1])
        cut.append(Days(begins, min(ends, days.until)))
        begins = ends + timedelta(days=1)
    return cut


def share(part: int | None, whole: int | None) -> float | None:
    """0..1; None where there is nothing to divide by, or either is hidden."""
    return part / whole if part is not None and whole else None
