"""Appointments and free slots as FHIR R4B, for partners. Nothing in them tells who the client is."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.exporting import slots
from casework.directory.exporting.ids import uuid_of
from casework.scheduling.openings import make_ref
from casework.scheduling.tables import Appointment

# http://hl7.org/fhir/R4B/valueset-appointmentstatus.html. What is held or ran out never was an appointment.
STATUS = {
    "booked": "booked",
    "attended": "fulfilled",
    "no_show": "noshow",
    "cancelled": "cancelled",
    "moved": "cancelled",
}
# http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason
_WHY = {"client": ("pat", "Patient"), "staff": ("prov", "Provider"), "service": ("oth", "Other")}
_TYPES = "http://terminology.hl7.org/CodeSystem/"


async def page(
    session: AsyncSession, *, since: datetime | None, until: datetime | None, start: int, count: int
) -> tuple[list[Appointment], int]:
    """Appointments that start in [since, until), the earliest first, from the `start`-th on; and how many there are."""
    wanted: list[ColumnElement[bool]] = [Appointment.status.in_(STATUS)]
    if since is not None:
        wanted.append(Appointment.starts_at >= since)
    if until is not None:
        wanted.append(Appointment.starts_at < until)
    total = await session.scalar(select(func.count()).select_from(Appointment).where(*wanted))
    query = select(Appointment).where(*wanted).order_by(Appointment.starts_at, Appointment.id)
    return list(await session.scalars(query.offset(start).limit(count))), int(total or 0)


async def one(session: AsyncSession, appointment_id: uuid.UUID) -> Appointment | None:
    found = await session.get(Appointment, appointment_id)
    return found if found is not None and found.status in STATUS else None


async def free(session: AsyncSession, kind: str, at: datetime) -> list[dict[str, Any]]:
    """Every `Slot` that is free within the next 14 days, or every `Schedule`."""
    return [each async for each in slots.lines(session, kind, await slots.bookable(session), at)]


def resource(appointment: Appointment) -> dict[str, Any]:
    """The appointment as a FHIR R4B `Appointment`; its client is a participant without a name."""
    answered = "accepted" if appointment.confirmed_at else "needs-action"
    found: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": str(appointment.id),
        "meta": {"lastUpdated": _instant(appointment.changed_at or appointment.created_at)},
        "status": STATUS[appointment.status],
        "serviceType": [{"text": "Intake for mental health case management"}],
        "start": _instant(appointment.starts_at),
        "end": _instant(appointment.ends_at),
        "minutesDuration": int((appointment.ends_at - appointment.starts_at) / timedelta(minutes=1)),
        "created": _instant(appointment.created_at),
        "slot": [{"reference": f"Slot/{make_ref(appointment.calendar_id, appointment.starts_at)}"}],
        "participant": [
            {"actor": {"reference": f"Location/{uuid_of('location', appointment.program_id)}"}, "status": "accepted"},
            {"type": [_coded("v3-ParticipationType", "SBJ", "subject")], "status": answered},
        ],
    }
    if appointment.status == "cancelled":
        found["cancelationReason"] = _coded(
            "appointment-cancellation-reason", *_WHY[appointment.cancelled_by or "service"]
        )
    elif appointment.status == "moved":
        found["cancelationReason"] = {"text": "Moved to another time"}
    return found


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": _TYPES + system, "code": code, "display": display}]}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
