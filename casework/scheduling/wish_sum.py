"""Putting together what a text said about time: days, parts of a day, dates and hours become one set of wishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from casework.scheduling.wishes import Wishes

DAY_MINUTES = 24 * 60


@dataclass
class Found:
    """What was found in a text. Times are minutes of the day."""

    days: set[int] = field(default_factory=set)
    not_days: set[int] = field(default_factory=set)
    spans: list[tuple[int, int]] = field(default_factory=list)
    not_spans: list[tuple[int, int]] = field(default_factory=list)
    earliest: int | None = None
    latest: int | None = None
    dates: list[date] = field(default_factory=list)
    since: date | None = None
    until: date | None = None
    kinds: set[str] = field(default_factory=set)
    not_kinds: set[str] = field(default_factory=set)
    soonest: bool = False
    anytime: bool = False
    past: bool = False


def together(found: Found, now: datetime) -> Wishes | None:
    """The wishes, at local time `now`; None where nothing was found."""
    if found == Found():
        return None
    earliest, latest = _time_of_day(found)
    since, until, days = _stretch_of_days(found, now.date())
    past = found.past and not (found.dates or found.days or found.since)
    if until is not None and until < now.date():
        past = True
    if (
        since is not None
        and since == until == now.date()
        and latest is not None
        and latest <= now.hour * 60 + now.minute
    ):
        past = True
    return Wishes(
        weekdays=frozenset(days - found.not_days),
        not_weekdays=frozenset(found.not_days),
        earliest=_time(earliest),
        latest=_time(latest),
        not_before=since,
        not_after=until,
        soonest=found.soonest,
        kinds=frozenset(found.kinds - found.not_kinds),
        not_kinds=frozenset(found.not_kinds),
        past=past,
    )


def _time(minute: int | None) -> time | None:
    return None if minute is None or minute >= DAY_MINUTES else time(minute // 60, minute % 60)


def _time_of_day(found: Found) -> tuple[int | None, int | None]:
    begins, ends = 0, DAY_MINUTES
    if found.spans:  # "mornings or afternoons": from the first to the last of them
        begins, ends = min(span[0] for span in found.spans), max(span[1] for span in found.spans)
    for first, last in found.not_spans:
        if first == 0:
            begins = max(begins, last)
        else:
            ends = min(ends, first)
    asked_begin, asked_end = found.earliest or 0, found.latest or DAY_MINUTES
    if asked_begin >= asked_end:  # "before 10 or after 3" leaves no time between: any will do
        asked_begin, asked_end = 0, DAY_MINUTES
    both = max(begins, asked_begin), min(ends, asked_end)
    if both[0] >= both[1]:
        both = asked_begin, asked_end
    return both[0] or None, both[1] if both[1] < DAY_MINUTES else None


def _stretch_of_days(found: Found, today: date) -> tuple[date | None, date | None, set[int]]:
    since, until, days = found.since, found.until, set(found.days)
    dates = found.dates
    if not dates:
        return since, until, days
    if days - {shown.weekday() for shown in dates}:  # "tomorrow or friday"
        coming = [today + timedelta(days=(day - today.weekday() - 1) % 7 + 1) for day in days]
        dates = [*dates, *coming]
    days = {shown.weekday() for shown in dates} if len(dates) > 1 else set()
    return min(dates), max(dates), days
