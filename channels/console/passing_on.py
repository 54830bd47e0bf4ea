"""The summary as a file for another agency: PDF and FHIR. Only of clients who agreed; each one is written down."""

from __future__ import annotations

import json
import uuid
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from casework import clock
from casework.handoff import exporting
from casework.settings import get_settings
from casework.staff.errors import CannotDo
from casework.staff.reading import Person
from channels.console import words
from channels.console.door import records, visit
from channels.console.router import router


@router.get("/people/{client_id}/summary.pdf", name="console_summary_pdf")
async def as_pdf(request: Request, client_id: uuid.UUID) -> Response:
    person = await _person(request, client_id, "pdf")
    if person is None:
        return _refused(client_id)
    settings = get_settings()
    from channels.console.summary_pdf import summary_pdf  # with the first PDF: what draws them weighs 6 MB

    made = summary_pdf(
        person,
        agency=settings.agency_name,
        agency_phone=settings.agency_phone,
        by=visit(request).staff.name,
        at=clock.now(),
    )
    return _file(made, "application/pdf", f"summary-{str(client_id)[:8]}.pdf")


@router.get("/people/{client_id}/summary.fhir.json", name="console_summary_fhir")
async def as_fhir(request: Request, client_id: uuid.UUID) -> Response:
    person = await _person(request, client_id, "fhir")
    if person is None:
        return _refused(client_id)
    made = exporting.bundle(person, agency=get_settings().agency_name, label=words.label, at=clock.now())
    return _file(
        json.dumps(made, ensure_ascii=False, indent=1).encode(),
        "application/fhir+json",
        f"summary-{str(client_id)[:8]}.fhir.json",
    )


async def _person(request: Request, client_id: uuid.UUID, form: Literal["pdf", "fhir"]) -> Person | None:
    try:
        async with records(request) as mine:
            return await mine.pass_on(client_id, form)
    except CannotDo:
        return None


def _refused(client_id: uuid.UUID) -> Response:
    return RedirectResponse(f"/console/people/{client_id}?refused=not_shared", 303)


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
