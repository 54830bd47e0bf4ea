"""Codes, moments and numbers as staff read them. The labels themselves are data: `labels.toml`."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

_HERE = Path(__file__).parent


@lru_cache
def labels() -> dict[str, dict[str, str]]:
    """Every group of labels. `labels.toml` and the `labels_*.toml` beside it may each add to any group."""
    groups: dict[str, dict[str, str]] = {}
    for path in sorted(_HERE.glob("labels*.toml")):
        for group, codes in tomllib.loads(path.read_text(encoding="utf-8")).items():
            groups.setdefault(group, {}).update(codes)
    return groups


def label(group: str, code: object) -> str:
    """The label of a code; a code without one is shown as its own words, never hidden."""
    return labels().get(group, {}).get(str(code)) or str(code).replace("_", " ")


def value(given: Any) -> str:
    """A fact's value: "yes", "bipolar disorder, PTSD", "2 January 2026 to 9 January 2026"."""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, list):
        return ", ".join(value(each) for each in given) or "none"
    if isinstance(given, dict):
        return f"{given.get('admitted', '?')} to {given.get('discharged') or 'not known'}"
    return label("value", given) if isinstance(given, str) and not given.isupper() else str(given)


def moment(at: datetime, zone: str | None = None) -> str:
    """`Mon 24 Nov 2026, 2:30 PM CST`, in the zone given, else in UTC."""
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local:%a} {local.day} {local:%b %Y}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def clock_time(at: datetime, zone: str | None = None) -> str:
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local.hour % 12 or 12}:{local:%M %p %Z}"


def day_name(day: date, *, long: bool = False) -> str:
    """`Mon 23 Nov`; `long` with the year."""
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if long else "")


def hour_name(at: datetime, zone: str) -> str:
    """`9:00`, `1:30`: for a row that says which half of the day. On a day whose clocks change the zone is named."""
    local = at.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0)
    changes = midnight.utcoffset() != (midnight + timedelta(hours=23, minutes=59)).utcoffset()
    return f"{local.hour % 12 or 12}:{local:%M}" + (f" {local:%Z}" if changes else "")


def span_name(begins: datetime, ends: datetime, zone: str) -> str:
    """`9:00–9:45`."""
    until = ends.astimezone(ZoneInfo(zone))
    return f"{hour_name(begins, zone)}–{until.hour % 12 or 12}:{until:%M}"


def since(then: datetime, now: datetime) -> str:
    """How long ago: `under a minute`, `12 min`, `3 h 20 min`, `2 days`."""
    minutes = max(int((now - then) / timedelta(minutes=1)), 0)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days = hours // 24
    return f"{days} day{'s' if days != 1 else ''}"


def amount(value: float | None, unit: str) -> str:
    """A figure with what it is measured in: `42%`, `35 s`, `12 min`, `3 h 20 min`, `8 days`, `1,204`."""
    if value is None:
        return "not known"
    match unit:
        case "share":
            return f"{value * 100:.0f}%"
        case "seconds" if value < 90:
            return f"{value:.0f} s"
        case "seconds":
            return since(datetime.min, datetime.min + timedelta(seconds=value))  # noqa: DTZ901 - a length of time only
        case "days":
            return f"{value:.0f} day{'' if round(value) == 1 else 's'}"
        case _:
            return f"{value:,.0f}"


def phone(number: str | None) -> str:
    """`(612) 555-0101` for a number of the United States, the international form for others."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, form.NATIONAL if parsed.country_code == 1 else form.INTERNATIONAL)
