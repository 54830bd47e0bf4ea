"""Free openings for partners, as SMART Scheduling Links publishes them: locations, schedules and slots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.exporting import fhir
from casework.directory.exporting.ids import uuid_of
from casework.directory.tables import Program
from casework.scheduling import calendars, slots
from casework.scheduling.openings import make_ref
from casework.scheduling.tables import Calendar

FILES = {"Location": "locations.ndjson", "Schedule": "schedules.ndjson", "Slot": "slots.ndjson"}
AHEAD = timedelta(days=14)
_BATCH = 50
_BOOKING_PHONE = "http://fhir-registry.smarthealthit.org/StructureDefinition/booking-phone"


def manifest(base: str, states: list[str], at: datetime) -> dict[str, Any]:
    """The `$bulk-publish` manifest; `base` is the address of its folder."""
    return {
        "transactionTime": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": f"{base}/$bulk-publish",
        "output": [
            {"type": kind, "url": f"{base}/{name}", "extension": {"state": states}} for kind, name in FILES.items()
        ],
        "error": [],
    }


async def bookable(session: AsyncSession) -> list[Program]:
    """Active programs with an active calendar."""
    with_calendar = select(Calendar.id).where(Calendar.program_id == Program.id, Calendar.active).exists()
    query = select(Program).where(Program.active, with_calendar).order_by(Program.id)
    return list((await session.execute(query)).scalars())


async def lines(
    session: AsyncSession, kind: str, programs: list[Program], at: datetime
) -> AsyncIterator[dict[str, Any]]:
    """The objects of one of FILES, in order."""
    if kind == "Location":
        for program in programs:
            yield fhir.location(program)
        return
    for start in range(0, len(programs), _BATCH):
        batch = {program.id: program for program in programs[start : start + _BATCH]}
        found = await calendars.of_programs(session, batch, since=at)
        if kind == "Schedule":
            for calendar in found:
                yield _schedule(calendar, batch[calendar.program_id])
            continue
        until = at + AHEAD
        taken = await calendars.taken(session, batch, since=at, until=until, at=at)
        for calendar in found:
            seats = taken.get(calendar.id, ())
            for slot in slots.openings(calendar.hours, seats, since=at, until=until, now=at):
                yield _slot(calendar, batch[calendar.program_id], slot)


def _schedule(calendar: calendars.OpenCalendar, program: Program) -> dict[str, Any]:
    reference = f"Location/{uuid_of('location', program.id)}"
    return {
        "resourceType": "Schedule",
        "id": str(calendar.id),
        "serviceType": [{"text": "Intake for mental health case management"}],
        "actor": [{"reference": reference, "display": program.organization}],
    }


def _slot(calendar: calendars.OpenCalendar, program: Program, slot: slots.Slot) -> dict[str, Any]:
    zone, phone = ZoneInfo(calendar.hours.zone), program.intake_phone or program.phone
    found: dict[str, Any] = {
        "resourceType": "Slot",
        "id": make_ref(calendar.id, slot.starts_at),
        "schedule": {"reference": f"Schedule/{calendar.id}"},
        "status": "free",
        "start": slot.starts_at.astimezone(zone).isoformat(),
        "end": slot.ends_at.astimezone(zone).isoformat(),
    }
    if phone:
        found["extension"] = [{"url": _BOOKING_PHONE, "valueString": phone}]
    return found
