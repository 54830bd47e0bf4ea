"""Putting in order what directories write in many ways: phones, hours, ZIPs, links. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import phonenumbers

_NOTHING = {"", "null", "none", "n/a", "na", "-", "nan"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # Postgres keeps no NUL, nobody reads the others
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NANP = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})?\s*([AP])\.?M\.?", re.IGNORECASE)


def text(value: Any) -> str | None:
    """The value as one line; None where it says nothing ("null", "N/A", "-")."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # spreadsheets keep ZIPs and house numbers as floats
    line = " ".join(_CONTROL.sub(" ", str(value)).split())
    return None if line.lower() in _NOTHING else line


def zip5(value: Any) -> str | None:
    """Five digits: lost zeros are put back ("2210" is 02210), a +4 is left off. None if it is no ZIP."""
    line = text(value)
    found = re.fullmatch(r"(\d{3,5})(?:[- ]\d{0,4})?|(\d{5})\d{4}|(\d{4})\d{4}", line or "")
    if not found:
        return None
    return (found[1] or found[2] or found[3]).zfill(5)


def phone(value: Any) -> tuple[str | None, str | None]:
    """(E.164, extension) of a US number, letters and all ("800-273-TALK", "207-623-5792 x", "... x123")."""
    line = (text(value) or "").strip("\"' ")
    try:
        number = phonenumbers.parse(re.sub(r"\s*x\s*$", "", line, flags=re.IGNORECASE), "US")
    except phonenumbers.NumberParseException:
        return None, None
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return (whole, number.extension or None) if _NANP.fullmatch(whole) else (None, None)


def link(value: Any) -> str | None:
    """A web address with its scheme; None where it is none."""
    line = text(value)
    if not line or " " in line or "." not in line:
        return None
    if not re.match(r"https?://", line, re.IGNORECASE):
        line = f"https://{line}" if ":" not in line.split("/")[0] else ""
    return line or None


def email(value: Any) -> str | None:
    line = text(value)
    return line if line and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", line) else None


def number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if found == found and abs(found) != float("inf") else None


def day(value: Any) -> date | None:
    """A date out of "2020-05-20", "5-20-2020", "04/25/2020" or a timestamp."""
    line = text(value) or ""
    for pattern in ("%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y", "%Y%m%d"):
        try:
            return datetime.strptime(re.split(r"[ T]", line)[0], pattern).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


def hours(days: dict[str, Any]) -> tuple[dict[str, list[list[str]]] | None, list[str]]:
    """Weekly hours, {"mon": [["08:00", "16:30"]], "sun": []}, and the days whose hours cannot be read.

    A day given as a list of stretches is taken as it is.
    """
    found: dict[str, list[list[str]]] = {}
    unread: list[str] = []
    for name, value in days.items():
        key = name.strip().lower()[:3]
        if key not in DAYS:
            continue
        stretches = value if isinstance(value, list) else _stretches(value)
        if stretches is None:
            unread.append(key)
        else:
            found[key] = stretches
    open_at_all = any(found.values())
    return ({key: found[key] for key in DAYS if key in found} if open_at_all else None), unread


def _stretches(value: Any) -> list[list[str]] | None:
    line = " ".join(str(value).split()).lower() if value is not None else ""
    if line in ("-", "closed", "none", ""):
        return []
    if line in ("24/7", "24 hours", "open 24 hours"):
        return [["00:00", "24:00"]]
    times = _TIME.findall(line)
    if len(times) != 2:
        return None
    opens, closes = (_clock(*each) for each in times)
    if closes == "00:00":
        closes = "24:00"
    return [[opens, closes]] if opens and closes and opens < closes else None


def _clock(hour: str, minute: str, half: str) -> str | None:
    if not 1 <= int(hour) <= 12 or int(minute or 0) > 59:
        return None
    return f"{int(hour) % 12 + (12 if half.upper() == 'P' else 0):02}:{int(minute or 0):02}"
