"""Free openings for partners, as SMART Scheduling Links publishes them: a manifest, and NDJSON files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse

from casework import clock
from casework.directory.exporting import slots
from channels.directory.door import base_url, partner

router = APIRouter(prefix="/slots", tags=["slots"], dependencies=[Depends(partner)])

_HEADERS = {"Cache-Control": "private, max-age=300"}  # when to ask again, as the specification wants it said
_KINDS = {name: kind for kind, name in slots.FILES.items()}


@router.get("/$bulk-publish")
async def manifest(request: Request) -> JSONResponse:
    """Where the files are, and for which states."""
    async with request.app.state.database.session() as session:
        states = sorted({program.state for program in await slots.bookable(session)})
    return JSONResponse(slots.manifest(f"{base_url(request)}/slots", states, clock.now()), headers=_HEADERS)


@router.get("/{name}")
async def file(request: Request, name: str) -> StreamingResponse:
    """One of the manifest's files, line by line."""
    kind = _KINDS.get(name)
    if kind is None:
        raise HTTPException(404, "there is no such file")

    async def lines() -> AsyncIterator[str]:
        async with request.app.state.database.session() as session:
            async for line in slots.lines(session, kind, await slots.bookable(session), clock.now()):
                yield json.dumps(line, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type="application/fhir+ndjson", headers=_HEADERS)
