"""The agency's office: when people are there, and until when an answer can be promised. Pure but for `current`.

Hours are written as "Mon-Fri 08:00-12:00; Mon-Fri 13:00-17:00; Sat 09:00-12:00 America/Chicago": several spans a day
are a split shift. Holidays are dates on which nobody is there at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from casework.settings import get_settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<open>\d\d?:\d\d)-(?P<close>\d\d?:\d\d)", re.I)
ANY = "Mon 09:00-10:00 UTC"  # stands in for hours where holidays alone are to be read
_LOOK_AHEAD = 60  # days: an office that does not open within them is taken for closed for good


@dataclass(frozen=True)
class Office:
    """`spans` are (weekday, opens, closes) by the office's own clock; a span ends on the day on which it begins."""

    zone: str
    spans: tuple[tuple[int, time, time], ...]
    holidays: frozenset[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        return any(opens <= at < closes for opens, closes in self._shifts(at))

    def next_open(self, at: datetime) -> datetime | None:
        """`at` itself where the office is open, else when it opens (UTC); None where it does not in sixty days."""
        for opens, closes in self._shifts(at):
            if closes > at:
                return max(opens, at).astimezone(UTC)
        return None

    def after(self, at: datetime, open_for: timedelta) -> datetime | None:
        """The moment by which the office has been open for so long since `at` (UTC)."""
        left = open_for
        for opens, closes in self._shifts(at):
            begin = max(opens, at)
            if closes <= begin:
                continue
            if closes - begin >= left:
                return (begin + left).astimezone(UTC)
            left -= closes - begin
        return None

    def _shifts(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The shifts from the day of `at` on, in order; by the wall clock, so that a day with a change is whole."""
        here = ZoneInfo(self.zone)
        first = at.astimezone(here).date()
        for number in range(_LOOK_AHEAD):
            day = first + timedelta(days=number)
            if day in self.holidays:
                continue
            for weekday, opens, closes in sorted(self.spans):
                if weekday == day.weekday() and opens < closes:
                    yield (
                        datetime.combine(day, opens, here).astimezone(UTC),
                        datetime.combine(day, closes, here).astimezone(UTC),
                    )


class BadHours(ValueError):
    """Hours or holidays that cannot be read. `part` is what of it, `code` why: spans, order, overlap, zone, day."""

    def __init__(self, code: str, part: str) -> None:
        names, how = _HOW[code]
        super().__init__(f"{names} cannot be read: {part!r}; {how}")
        self.code, self.part = code, part


_HOW = {
    "spans": ("AGENCY_HOURS", "write them as 'Mon-Fri 08:00-12:00; Mon-Fri 13:00-17:00 America/Chicago'"),
    "order": ("AGENCY_HOURS", "hours end after they begin, on the same day"),
    "overlap": ("AGENCY_HOURS", "two spans of one day overlap"),
    "zone": ("AGENCY_HOURS", "a time zone stands last, as America/Chicago"),
    "day": ("AGENCY_HOLIDAYS", "write dates as 2026-11-26,2026-12-25"),
}


def read(hours: str, holidays: Iterable[str] = ()) -> Office:
    """Reads AGENCY_HOURS and AGENCY_HOLIDAYS. Raises BadHours, naming the part that cannot be read."""
    *before, zone = hours.rsplit(maxsplit=1) or [""]
    written = before[0] if before else ""
    if "/" not in zone and zone != "UTC":
        raise BadHours("zone" if _SPAN.search(hours) else "spans", zone)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise BadHours("zone", zone) from error
    spans = sorted(span for part in written.split(";") if part.strip() for span in _spans(part.strip()))
    if not spans:
        raise BadHours("spans", hours)
    for (day, _, closes), (next_day, opens, _) in pairwise(spans):
        if day == next_day and opens < closes:
            raise BadHours("overlap", f"{_DAYS[day].title()} {opens:%H:%M}")
    return Office(zone, tuple(spans), frozenset(_day(each) for each in holidays))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadHours("day", text) from error


def _spans(part: str) -> Iterator[tuple[int, time, time]]:
    """One span, on each of its days."""
    span = _SPAN.fullmatch(part)
    names = [span["first"].lower(), (span["last"] or span["first"]).lower()] if span else []
    if span is None or not set(names) <= set(_DAYS):
        raise BadHours("spans", part)
    try:
        opens, closes = time.fromisoformat(span["open"].zfill(5)), time.fromisoformat(span["close"].zfill(5))
    except ValueError as error:
        raise BadHours("spans", part) from error
    if closes <= opens:
        raise BadHours("order", part)
    first, last = (_DAYS.index(name) for name in names)
    days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
    return ((day, opens, closes) for day in days)


@lru_cache(maxsize=8)
def _read(hours: str, holidays: tuple[str, ...]) -> Office:
    return read(hours, holidays)


def current() -> Office | None:
    """The office as set; None where no hours are set: then nothing is promised or said of them."""
    settings = get_settings()
    return _read(settings.agency_hours, tuple(settings.agency_holidays)) if settings.agency_hours else None
