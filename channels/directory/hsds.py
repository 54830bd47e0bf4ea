"""HSDS 3.1, as the standard's API specification has it. What is told here is public: programs, no client's record."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request

from casework import geography
from casework.directory.exporting import hsds, queries
from casework.directory.exporting.queries import Wanted
from casework.directory.tables import Program
from channels.directory.door import base_url

router = APIRouter(prefix="/directory", tags=["directory"])

_MOST = 100  # a page
_NEAR_METRES = 40_000.0
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=_MOST)]
Words = Annotated[str | None, Query(max_length=200)]
Answer = dict[str, Any]


def _page(contents: Sequence[Any], total: int, number: int, size: int) -> Answer:
    pages = math.ceil(total / size)
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": len(contents),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not contents,
        "contents": contents,
    }


async def _listed(
    request: Request, wanted: Wanted, number: int, size: int, show: Callable[[Program], Answer], **how: bool
) -> Answer:
    async with request.app.state.database.session() as session:
        programs, total = await queries.page(session, wanted, number, size, **how)
    return _page([show(program) for program in programs], total, number, size)


async def _found(request: Request, what: str, name: str) -> Program:
    async with request.app.state.database.session() as session:
        program = await queries.one(session, what, name)
    if program is None:
        raise HTTPException(404, f"there is no such {what}")
    return program


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


@router.get("")
@router.get("/", include_in_schema=False)
async def about(request: Request) -> Answer:
    """What this is and which version of the standard it follows."""
    settings = request.app.state.settings
    return {
        "version": hsds.VERSION,
        "profile": hsds.PROFILE,
        "openapi_url": f"{base_url(request)}/directory/openapi.json",
        "description": "Mental health case management programs, read only",
        "publisher": {"name": settings.agency_name},
    }


@router.get("/openapi.json", include_in_schema=False)
async def openapi() -> Answer:
    """The OpenAPI document of this API alone."""
    from fastapi.openapi.utils import get_openapi

    return get_openapi(title="Guidepost directory (HSDS)", version=hsds.VERSION, routes=router.routes)


@router.get("/services")
async def services(
    request: Request,
    page: Page = 1,
    per_page: Size = 25,
    search: Words = None,
    organization_id: Words = None,
    taxonomy_term_id: Words = None,
    modified_after: datetime | None = None,
    minimal: bool = False,
    full: bool = False,
) -> Answer:
    """Services, a page at a time."""
    wanted = Wanted(search, _aware(modified_after), organization_id, taxonomy_term_id)

    def show(program: Program) -> Answer:
        service = hsds.service(program, full=full)
        return {key: service[key] for key in ("id", "last_modified") if key in service} if minimal else service

    return await _listed(request, wanted, page, per_page, show)


@router.get("/services/{name}")
async def service(request: Request, name: str) -> Answer:
    """One service with all that belongs to it."""
    return hsds.service(await _found(request, "service", name), full=True)


@router.get("/organizations")
async def organizations(
    request: Request,
    page: Page = 1,
    per_page: Size = 25,
    search: Words = None,
    taxonomy_term_id: Words = None,
    full: bool = False,
) -> Answer:
    """Organizations, a page at a time."""
    wanted = Wanted(search, term_id=taxonomy_term_id)
    return await _listed(
        request, wanted, page, per_page, lambda each: hsds.organization(each, full=full), by_organization=True
    )


@router.get("/organizations/{name}")
async def organization(request: Request, name: str, full_service: bool = False) -> Answer:
    """One organization with its locations and services."""
    program = await _found(request, "organization", name)
    async with request.app.state.database.session() as session:
        programs = await queries.of_organization(session, program.organization)
    return hsds.organization(program, full=True) | {
        "locations": [hsds.location(each) for each in programs],
        "services": [hsds.service(each, full=full_service) for each in programs],
    }


@router.get("/locations")
async def locations(request: Request, page: Page = 1, per_page: Size = 25, search: Words = None) -> Answer:
    """Locations, a page at a time."""
    return await _listed(request, Wanted(search), page, per_page, hsds.location)


@router.get("/locations/{name}")
async def location(request: Request, name: str) -> Answer:
    """One location."""
    return hsds.location(await _found(request, "location", name))


@router.get("/service_at_locations")
async def service_at_locations(
    request: Request,
    page: Page = 1,
    per_page: Size = 25,
    search: Words = None,
    organization_id: Words = None,
    taxonomy_term_id: Words = None,
    modified_after: datetime | None = None,
    postcode: Annotated[str | None, Query(pattern=r"^\d{5}(-\d{4})?$")] = None,
    proximity: Annotated[float | None, Query(gt=0, le=20_000_000)] = None,
    full: bool = False,
) -> Answer:
    """Services where they are given; with a postcode those within `proximity` metres of it (40 km unless told)."""
    near = None
    if postcode:
        try:
            near = geography.find(postcode), proximity or _NEAR_METRES
        except geography.UnknownPlace:
            raise HTTPException(422, "there is no such postcode") from None
    wanted = Wanted(search, _aware(modified_after), organization_id, taxonomy_term_id, near)
    return await _listed(request, wanted, page, per_page, lambda each: hsds.service_at_location(each, full=full))


@router.get("/service_at_locations/{name}")
async def service_at_location(request: Request, name: str) -> Answer:
    """One service at its location, with all that belongs to it."""
    return hsds.service_at_location(await _found(request, "service_at_location", name), full=True)
