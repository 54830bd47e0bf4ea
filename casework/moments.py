"""Saying a moment: in whose zone, in which language.

An appointment is told by the clock that the client will look at: their own for a call or video, the program's where
they go there. Where the two differ, that is said.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from casework.wording import NoWording, say


def moment(at: datetime, zone: str, language: str) -> str:
    """A moment in a zone, as it is said: "Tue Nov 24, 2:00 PM" / "mar 24 nov, 2:00 PM"."""
    local = at.astimezone(ZoneInfo(zone))
    day = say(f"utter_weekday_{local.weekday()}", language).text
    month = say(f"utter_month_{local.month}", language).text
    return say("utter_moment", language, weekday=day, month=month, day=local.day, clock=_clock(local)).text


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"


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


def told_by(kind: str, program_zone: str, client_zone: str | None) -> str:
    """The zone whose clock an appointment or opening of this kind is told by."""
    return program_zone if kind == "in_person" or not client_zone else client_zone


def differ(at: datetime, one: str, other: str) -> bool:
    """Whether clocks in the two zones show different times at this moment."""
    return at.astimezone(ZoneInfo(one)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def shown(at: datetime, kind: str, program_zone: str, client_zone: str | None, language: str) -> dict[str, Any]:
    """An appointment's `moment` and `zone` as responses say them; where the clocks differ, `zone` names both."""
    zone = told_by(kind, program_zone, client_zone)
    name = zone_name(at, zone, language)
    if client_zone and differ(at, client_zone, program_zone):
        if zone == client_zone:
            there = f"{_clock(at.astimezone(ZoneInfo(program_zone)))} {zone_name(at, program_zone, language)}"
            name = say("utter_zone_both", language, zone=name, there=there).text
        else:
            name = say("utter_zone_there", language, zone=name).text
    return {"moment": moment(at, zone, language), "zone": name}
