"""The client's page and letter. Whoever has the address has them; it is told in the web chat only and ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from fastapi.templating import Jinja2Templates
from markupsafe import Markup

from casework import clock
from casework.conversations.tables import Client
from casework.directory import nearest, where_it_lies
from casework.intake import answers as told
from casework.intake.seeking import seeker
from casework.letters import letter_for, pdf, read_link
from casework.letters.content import words
from casework.storage import Database

_HERE = Path(__file__).parent
_TEMPLATES = Jinja2Templates(_HERE / "templates")
_SHOWN = 6
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
router = APIRouter(prefix="/yours", include_in_schema=False)


@router.get("/page.css", name="yours_css")
async def page_css() -> FileResponse:
    return FileResponse(_HERE / "static" / "page.css", media_type="text/css")


@router.get("/{token}", name="yours_page")
async def page(request: Request, token: str) -> Response:
    """Where the programs lie from the client's ZIP: a picture and the same as a table; and the way to the letter."""
    client_id, database = read_link(token, clock.now()), _database(request)
    async with database.session() as session:
        client = await session.get(Client, client_id) if client_id else None
        if client is None:
            return _page(request, "en", 404)
        answers = await told.current(session, client.id)
        who = seeker(answers, client.language)
        found = await nearest(session, who, limit=_SHOWN) if who else []
        picture = where_it_lies(who.place, found, client.language) if who and found else None
        has_letter = await letter_for(session, client.id, clock.now()) is not None
    return _page(
        request,
        client.language,
        svg=Markup(picture.svg) if picture else "",  # noqa: S704 - drawn by the server, its texts escaped
        table=Markup(picture.table) if picture else "",  # noqa: S704
        letter=f"/yours/{token}/letter.pdf" if has_letter else "",
    )


@router.get("/{token}/letter.pdf", name="yours_letter")
async def letter(request: Request, token: str) -> Response:
    at = clock.now()
    client_id, database = read_link(token, at), _database(request)
    async with database.session() as session:
        made = await letter_for(session, client_id, at) if client_id else None
    if made is None:
        return _page(request, "en", 404)
    name = "letter.pdf" if made.language == "en" else "carta.pdf"
    headers = HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(await asyncio.to_thread(pdf, made), media_type="application/pdf", headers=headers)


def _database(request: Request) -> Database:
    found: Database = request.app.state.database
    return found


def _page(request: Request, language: str, status: int = 200, **context: object) -> Response:
    given = {"language": language, "words": words()[language], "gone": status == 404, **context}
    return _TEMPLATES.TemplateResponse(request, "yours.html", given, status, headers=HEADERS)
