"""The agency's own hours, written as "Mon-Fri 08:00-17:00 America/Chicago"; several spans are divided by semicolons."""

from __future__ import annotations

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<open>\d\d?:\d\d)-(?P<close>\d\d?:\d\d)", re.I)


def closed(hours: str | None, at: datetime) -> bool:
    """Whether the office is known to be closed at `at`. False where no hours are set: then nothing is said of them.

    Raises ValueError for hours that cannot be read, so that a bad setting shows at the start.
    """
    if not hours:
        return False
    *spans, zone = hours.replace(";", " ; ").rsplit(maxsplit=1)
    here = at.astimezone(ZoneInfo(zone))
    found = list(_SPAN.finditer(spans[0] if spans else ""))
    if not found:
        raise ValueError(f"AGENCY_HOURS cannot be read: {hours!r}; write it as 'Mon-Fri 08:00-17:00 America/Chicago'")
    return not any(_within(span, here) for span in found)


def zone_of(hours: str | None) -> str | None:
    """The IANA zone the hours are meant in; None where no hours are set."""
    return hours.split()[-1] if hours else None


def _within(span: re.Match[str], here: datetime) -> bool:
    first = _DAYS.index(span["first"].lower())
    last = _DAYS.index((span["last"] or span["first"]).lower())
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    opens, closes = time.fromisoformat(span["open"].zfill(5)), time.fromisoformat(span["close"].zfill(5))
    return here.weekday() in days and opens <= here.time() < closes
