"""Writing iCalendar (RFC 5545): the few properties that an appointment needs. Moments are UTC, so no zone is described.

Titles are neutral: a calendar is seen by others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_OCTETS = 75  # the longest line, without its line break (RFC 5545, 3.1)


@dataclass(frozen=True)
class Event:
    """One appointment. `changed_at` orders versions of it; `status` is TENTATIVE, CONFIRMED or CANCELLED."""

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    changed_at: datetime
    status: str = "CONFIRMED"
    location: str = ""
    url: str = ""
    alarm_minutes: int | None = None


def write(events: Iterable[Event], *, name: str = "", refresh_hours: int | None = None) -> str:
    """The whole calendar object, CRLF and folded."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Guidepost//Appointments//EN", "CALSCALE:GREGORIAN"]
    lines.append("METHOD:PUBLISH")
    if name:
        lines += [f"NAME:{escape(name)}", f"X-WR-CALNAME:{escape(name)}"]
    if refresh_hours:
        lines += [f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_hours}H", f"X-PUBLISHED-TTL:PT{refresh_hours}H"]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line))


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape(event.uid)}"
    yield f"DTSTAMP:{_moment(event.changed_at)}"
    yield f"CREATED:{_moment(event.created_at)}"
    yield f"LAST-MODIFIED:{_moment(event.changed_at)}"
    yield f"SEQUENCE:{max(0, int((event.changed_at - event.created_at).total_seconds()))}"
    yield f"DTSTART:{_moment(event.starts_at)}"
    yield f"DTEND:{_moment(event.ends_at)}"
    yield f"SUMMARY:{escape(event.title)}"
    yield f"STATUS:{event.status}"
    yield "CLASS:PRIVATE"
    if event.location:
        yield f"LOCATION:{escape(event.location)}"
    if event.url:
        yield f"URL:{event.url}"
    if event.alarm_minutes is not None and event.status != "CANCELLED":
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER:-PT{event.alarm_minutes}M"
        yield f"DESCRIPTION:{escape(event.title)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def escape(text: str) -> str:
    """A text value: backslash, semicolon, comma and line break are escaped, other control characters left out."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return "".join(each for each in text if each >= " " and each != "\x7f")


def fold(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, never cut inside a character; each but the first begins with a space."""
    piece, size = "", 0
    for each in line:
        octets = len(each.encode())
        if size + octets > _OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + each, size + octets
    yield piece


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
