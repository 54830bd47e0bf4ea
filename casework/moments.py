"""Saying a moment: in whose zone, in which language."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from casework.wording import NoWording, say


def moment(at: datetime, zone: str, language: str) -> str:
    """A moment in a zone, as it is said: "Tue Nov 24, 2:00 PM" / "mar 24 nov, 2:00 PM"."""
    local = at.astimezone(ZoneInfo(zone))
    day = say(f"utter_weekday_{local.weekday()}", language).text
    month = say(f"utter_month_{local.month}", language).text
    clock = f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"
    return say("utter_moment", language, weekday=day, month=month, day=local.day, clock=clock).text


def day(on: date, language: str) -> str:
    """A day as it is said: "Tue Nov 24" / "mar 24 nov"."""
    weekday = say(f"utter_weekday_{on.weekday()}", language).text
    return say(
        "utter_day", language, weekday=weekday, month=say(f"utter_month_{on.month}", language).text, day=on.day
    ).text


def zone_name(at: datetime, zone: str, language: str) -> str:
    """The zone as people call it, where there is a word for it ("Central time"), else its abbreviation."""
    short = at.astimezone(ZoneInfo(zone)).strftime("%Z")
    try:
        return say(f"utter_zone_{short.lower()}", language).text
    except NoWording:
        return short
