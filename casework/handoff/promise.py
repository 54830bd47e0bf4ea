"""Until when a client who is handed over may expect an answer. Pure but for the settings.

In a crisis, now: that is what alarms are for, and nothing is promised by the clock. Who asks for a person: within
ANSWER_MINUTES of open office; who was passed on: within ROUTINE_HOURS of open office (a business day, as certified
clinics owe urgent needs: SAMHSA CCBHC). Where no office hours are set, the same by the clock, and nothing is said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from casework import office
from casework.moments import moment
from casework.settings import get_settings
from casework.wording import say

ROUTINE, SOON, CRISIS = 1, 2, 3
IN_CRISIS = timedelta(minutes=5)


def due(urgency: int, at: datetime) -> datetime:
    """When an answer is due (UTC)."""
    settings = get_settings()
    if urgency >= CRISIS:
        return at + IN_CRISIS
    within = timedelta(minutes=settings.answer_minutes) if urgency == SOON else timedelta(hours=settings.routine_hours)
    hours = office.current()
    return (hours.after(at, within) if hours else None) or at + within


def in_words(promised: datetime | None, at: datetime, zone: str | None, language: str) -> str | None:
    """When to expect an answer, as it is told to the client, in their zone; None where no office hours are set."""
    hours = office.current()
    if hours is None or promised is None:
        return None
    here = zone or hours.zone
    if not hours.is_open(at):
        opens = hours.next_open(at)
        return say("utter_office_closed", language, moment=moment(opens, here, language)).text if opens else None
    local, now = promised.astimezone(ZoneInfo(here)), at.astimezone(ZoneInfo(here))
    if local.date() == now.date():
        clock = f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"
        return say("utter_answer_by", language, clock=clock).text
    return say("utter_answer_on", language, moment=moment(promised, here, language)).text
