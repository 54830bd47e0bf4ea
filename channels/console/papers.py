"""Where programs lie from a client's ZIP, and the letter the client can take along, for staff to print or hand over."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import Request, Response
from markupsafe import Markup

from casework.directory import nearest, where_it_lies
from casework.errors import NotFound
from casework.intake import answers as told
from casework.intake.seeking import seeker
from casework.letters import letter_for, pdf
from channels.console.door import records
from channels.console.pages import render
from channels.console.router import router

_SHOWN = 8


@router.get("/people/{client_id}/where", name="console_where")
async def where(request: Request, client_id: uuid.UUID) -> Response:
    """A picture of the nearest programs that would take the client, and the same as a table."""
    async with records(request) as mine:
        person = await mine.person(client_id)
        who = seeker(await told.current(mine.session, client_id), person.client.language)
        found = await nearest(mine.session, who, limit=_SHOWN, at=mine.at) if who else []
        picture = where_it_lies(who.place, found) if who and found else None
        return render(
            request,
            "where.html",
            person=person,
            svg=Markup(picture.svg) if picture else "",  # noqa: S704 - drawn by the server, its texts escaped
            found=found,
            directions={row["id"]: row["direction"] for row in picture.rows} if picture else {},
        )


@router.get("/people/{client_id}/letter.pdf", name="console_letter")
async def letter(request: Request, client_id: uuid.UUID) -> Response:
    """The client's letter, in the client's language."""
    async with records(request) as mine:
        await mine.person(client_id)
        made = await letter_for(mine.session, client_id, mine.at)
    if made is None:
        raise NotFound("this client agreed to nothing being kept, so there is no letter")
    headers = {"Content-Disposition": 'inline; filename="letter.pdf"'}
    return Response(await asyncio.to_thread(pdf, made), media_type="application/pdf", headers=headers)
