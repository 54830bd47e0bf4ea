"""Quiet hours: 9 pm to 8 am where the client is. Nothing that does not answer them is sent then. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
_EVENING = time(20, 30)  # the last good moment before quiet hours, with room for a slow queue


def is_quiet(moment: datetime, zone: str) -> bool:
    shown = moment.astimezone(ZoneInfo(zone)).time()
    return shown >= QUIET_FROM or shown < QUIET_UNTIL


def evening_before(moment: datetime, zone: str) -> datetime:
    """Half an hour before the quiet hours that `moment` lies in began."""
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() >= QUIET_FROM else local.date() - timedelta(days=1)
    return datetime.combine(day, _EVENING, ZoneInfo(zone)).astimezone(UTC)


def next_waking(moment: datetime, zone: str) -> datetime:
    """`moment` itself, or the end of the quiet hours that it lies in."""
    if not is_quiet(moment, zone):
        return moment
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, ZoneInfo(zone)).astimezone(UTC)
