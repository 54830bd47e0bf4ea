"""Appointments and slots as partners' systems read them: valid FHIR R4B, and no word of who the client is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import select
from test_directory_api import BEARER, get, partner  # noqa: F401 - the fixture

from casework.conversations.tables import Client
from casework.scheduling.tables import Appointment, Calendar
from casework.storage import Database, new_id

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
# status here: what FHIR calls it
STATES = {
    "booked": "booked",
    "attended": "fulfilled",
    "no_show": "noshow",
    "cancelled": "cancelled",
    "moved": "cancelled",
}
# http://hl7.org/fhir/R4B/valueset-appointmentstatus.html, -participationstatus.html, -slotstatus.html
APPOINTMENT = {"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error",
               "checked-in", "waitlist"}  # fmt: skip
PARTICIPATION = {"accepted", "declined", "tentative", "needs-action"}
SLOT = {"busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"}


async def fill(database: Database) -> None:
    async with database.session() as session:
        client = Client(id=new_id(), language="en", name="Ana Reyes", phone="+16125550142")
        session.add(client)
        await session.flush()
        calendar = (await session.scalars(select(Calendar))).one()
        for number, status in enumerate([*STATES, "held", "expired"]):
            starts = START + timedelta(hours=number)
            session.add(
                Appointment(
                    id=new_id(), client_id=client.id, program_id="one", calendar_id=calendar.id, kind="phone",
                    status=status, starts_at=starts, ends_at=starts + timedelta(minutes=45),
                    busy_until=starts + timedelta(hours=1), confirmed_at=START if status == "booked" else None,
                    cancelled_by="client" if status == "cancelled" else None,
                )
            )  # fmt: skip


async def test_appointments_are_valid_and_name_nobody(partner: httpx.AsyncClient, database: Database) -> None:  # noqa: F811
    await fill(database)
    bundle = await get(partner, "/fhir/Appointment", **BEARER)
    get_fhir_model_class("Bundle").model_validate(bundle)
    found: list[dict[str, Any]] = [entry["resource"] for entry in bundle["entry"]]
    assert [each["status"] for each in found] == list(STATES.values()), "what is held is no appointment"
    for each in found:
        get_fhir_model_class("Appointment").model_validate(each)
        assert each["status"] in APPOINTMENT
        assert {one["status"] for one in each["participant"]} <= PARTICIPATION
        assert all("actor" in one or "type" in one for one in each["participant"])
        assert each["minutesDuration"] == 45
        assert await get(partner, f"/fhir/Appointment/{each['id']}", **BEARER) == each
        location = each["participant"][0]["actor"]["reference"]
        assert (await get(partner, f"/fhir/{location}", **BEARER))["resourceType"] == "Location"
    assert found[3]["cancelationReason"]["coding"][0]["code"] == "pat"
    said = json.dumps(bundle)
    assert "Ana" not in said
    assert "555" not in said


async def test_appointments_are_searched_by_date_and_paged(partner: httpx.AsyncClient, database: Database) -> None:  # noqa: F811
    await fill(database)
    query = "/fhir/Appointment?date=ge2026-11-25T16:00:00Z&date=lt2026-11-25T18:00:00Z"
    assert (await get(partner, query, **BEARER))["total"] == 2
    first = await get(partner, query + "&_count=1", **BEARER)
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = await get(partner, following[following.index("/fhir") :], **BEARER)
    assert first["entry"][0]["resource"]["id"] != second["entry"][0]["resource"]["id"]
    for path, status in (
        ("/fhir/Appointment?date=soon", 400),
        ("/fhir/Appointment?date=eq2026-11-25", 400),
        (f"/fhir/Appointment/{new_id()}", 404),
    ):
        outcome = await get(partner, path, status, **BEARER)
        get_fhir_model_class("OperationOutcome").model_validate(outcome)
    assert (await partner.get("/fhir/Appointment")).status_code == 401


@pytest.mark.parametrize("kind", ["Slot", "Schedule"])
async def test_free_slots_and_their_schedules_are_valid(partner: httpx.AsyncClient, kind: str) -> None:  # noqa: F811
    bundle = await get(partner, f"/fhir/{kind}", **BEARER)
    get_fhir_model_class("Bundle").model_validate(bundle)
    for entry in bundle["entry"]:
        get_fhir_model_class(kind).model_validate(entry["resource"])
        assert entry["resource"].get("status", "free") in SLOT
