"""FHIR R4B for partners, read only: read and search of Organization, Location, HealthcareService."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from casework import clock
from casework.directory.exporting import fhir, queries
from casework.directory.exporting.queries import Wanted
from channels.directory.door import base_url, partner

router = APIRouter(prefix="/fhir", tags=["fhir"], dependencies=[Depends(partner)])

_MOST = 100
_SEARCHED = {"Organization": ("name",), "Location": ("name", "address-state", "address-postalcode"),
             "HealthcareService": ("name",)}  # fmt: skip


def answer(content: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(content, status, media_type="application/fhir+json")


def outcome(status: int, code: str, text: str) -> JSONResponse:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return answer({"resourceType": "OperationOutcome", "issue": [issue]}, status)


@router.get("/metadata")
async def metadata(request: Request) -> JSONResponse:
    """What this server can do."""
    resources = [
        {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name, "type": "string"} for name in names],
        }
        for kind, names in _SEARCHED.items()
    ]
    booking = {"interaction": [{"code": "search-type"}]}
    resources += [
        {"type": "Appointment", "interaction": [{"code": "read"}, {"code": "search-type"}],
         "searchParam": [{"name": "date", "type": "date"}]},
        {"type": "Slot", **booking},
        {"type": "Schedule", **booking},
    ]  # fmt: skip
    return answer({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": clock.now().date().isoformat(),
        "kind": "instance",
        "implementation": {"description": "Guidepost directory", "url": f"{base_url(request)}/fhir"},
        "fhirVersion": "4.3.0",
        "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "resource": resources}],
    })  # fmt: skip


@router.get("/{kind}/{name}")
async def read(request: Request, kind: str, name: str) -> JSONResponse:
    """One resource."""
    if kind not in fhir.TYPES:
        return outcome(404, "not-supported", f"{kind} is not served here")
    async with request.app.state.database.session() as session:
        program = await queries.one(session, fhir.ID_OF[kind], name)
    if program is None:
        return outcome(404, "not-found", f"there is no such {kind}")
    return answer(fhir.resource(kind, program))


@router.get("/{kind}")
async def search(
    request: Request,
    kind: str,
    count: Annotated[int, Query(alias="_count", ge=1, le=_MOST)] = 25,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    name: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[str | None, Query(alias="address-state", max_length=2)] = None,
    zip_code: Annotated[str | None, Query(alias="address-postalcode", max_length=5)] = None,
) -> JSONResponse:
    """A page of resources as a searchset, with links to the pages around it."""
    if kind not in fhir.TYPES:
        return outcome(404, "not-supported", f"{kind} is not served here")
    given = {"name": name, "address-state": state, "address-postalcode": zip_code}
    strange = [key for key, value in given.items() if value is not None and key not in _SEARCHED[kind]]
    if strange:
        return outcome(400, "not-supported", f"{kind} is not searched by {', '.join(strange)}")
    wanted = Wanted(name=name, state=state, zip=zip_code)
    async with request.app.state.database.session() as session:
        programs, total = await queries.page(session, wanted, page, count, by_organization=kind == "Organization")
    base = f"{base_url(request)}/fhir"
    resources = [fhir.resource(kind, program) for program in programs]
    asked = {key: value for key, value in given.items() if value is not None}

    def link(relation: str, number: int) -> dict[str, str]:
        return {"relation": relation, "url": f"{base}/{kind}?{urlencode(asked | {'_count': count, 'page': number})}"}

    links = [link("self", page)]
    if page > 1:
        links.append(link("previous", page - 1))
    if page * count < total:
        links.append(link("next", page + 1))
    entries = [{"fullUrl": f"{base}/{kind}/{each['id']}", "resource": each, "search": {"mode": "match"}}
               for each in resources]  # fmt: skip
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    return answer(bundle | ({"entry": entries} if entries else {}))
