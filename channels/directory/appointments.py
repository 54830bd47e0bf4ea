"""Appointments, schedules and free slots as FHIR R4B for partners, read only. They say nothing of who the client is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from casework import clock
from casework.directory.exporting import appointments
from channels.directory.door import base_url, partner
from channels.directory.fhir import answer, outcome

router = APIRouter(prefix="/fhir", tags=["fhir"], dependencies=[Depends(partner)])
_MOST = 100
Count = Annotated[int, Query(alias="_count", ge=1, le=_MOST)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("/Appointment")
async def search(
    request: Request, date: Annotated[list[str] | None, Query()] = None, count: Count = 25, page: Page = 1
) -> JSONResponse:
    """By `date`: `date=ge2026-11-23&date=lt2026-11-30`, each a day (UTC) or a moment."""
    since, until = None, None
    for each in date or ():
        try:
            moment = datetime.fromisoformat(each[2:])
        except ValueError:
            return outcome(400, "value", "date is written as ge2026-11-23 or lt2026-11-30T17:00:00Z")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if each.startswith("ge"):
            since = moment
        elif each.startswith("lt"):
            until = moment
        else:
            return outcome(400, "not-supported", "date is searched by ge and lt")
    async with request.app.state.database.session() as session:
        found, total = await appointments.page(session, since=since, until=until, start=(page - 1) * count, count=count)
    resources = [appointments.resource(each) for each in found]
    return _bundle(request, "Appointment", resources, total, page, count, [("date", each) for each in date or ()])


@router.get("/Appointment/{name}")
async def read(request: Request, name: uuid.UUID) -> JSONResponse:
    async with request.app.state.database.session() as session:
        found = await appointments.one(session, name)
    if found is None:
        return outcome(404, "not-found", "there is no such Appointment")
    return answer(appointments.resource(found))


@router.get("/Slot")
async def free(request: Request, count: Count = 25, page: Page = 1) -> JSONResponse:
    """What can be booked within the next 14 days."""
    return await _computed(request, "Slot", page, count)


@router.get("/Schedule")
async def schedules(request: Request, count: Count = 25, page: Page = 1) -> JSONResponse:
    return await _computed(request, "Schedule", page, count)


async def _computed(request: Request, kind: str, page: int, count: int) -> JSONResponse:
    async with request.app.state.database.session() as session:
        found = await appointments.free(session, kind, clock.now())
    start = (page - 1) * count
    return _bundle(request, kind, found[start : start + count], len(found), page, count, [])


def _bundle(
    request: Request,
    kind: str,
    resources: list[dict[str, Any]],
    total: int,
    page: int,
    count: int,
    asked: list[tuple[str, str]],
) -> JSONResponse:
    base = f"{base_url(request)}/fhir/{kind}"

    def link(relation: str, number: int) -> dict[str, str]:
        return {"relation": relation, "url": f"{base}?{urlencode([*asked, ('_count', count), ('page', number)])}"}

    links = [link("self", page)]
    links += [link("previous", page - 1)] if page > 1 else []
    links += [link("next", page + 1)] if page * count < total else []
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    if resources:
        bundle["entry"] = [
            {"fullUrl": f"{base}/{each['id']}", "resource": each, "search": {"mode": "match"}} for each in resources
        ]
    return answer(bundle)
