"""Notes on a person, shown apart from the conversation, and ready-made replies for the reply box."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from casework.handoff.notes import LONGEST
from casework.staff.errors import CannotDo, NotYours
from channels.console.door import notebook
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]


@router.get("/people/{client_id}/notes", name="console_notes")
async def notes(request: Request, client_id: uuid.UUID, refused: str = "") -> Response:
    """A part of the person's page; a page of its own where there are no scripts."""
    async with notebook(request) as mine:
        part = bool(request.headers.get("hx-request"))
        return render(
            request,
            "_notes.html" if part else "notes.html",
            client_id=client_id,
            notes=await mine.notes(client_id),
            longest=LONGEST,
            refused=refused,
            draft="",
            alarms=() if part else await mine.open_alarms(),
        )


@router.post("/people/{client_id}/notes", name="console_note_add")
async def add(request: Request, client_id: uuid.UUID, text: Text = "") -> Response:
    """What was written is never lost: where it cannot be kept, the page comes back with it and says why."""
    text = text.replace("\r\n", "\n")
    try:
        async with notebook(request) as mine:
            await mine.add_note(client_id, text)
    except CannotDo as error:
        async with notebook(request) as mine:
            return render(
                request,
                "notes.html",
                409,
                client_id=client_id,
                notes=await mine.notes(client_id),
                longest=LONGEST,
                refused=error.code,
                draft=text,
                alarms=await mine.open_alarms(),
            )
    return RedirectResponse(f"/console/people/{client_id}?told=noted#notes", 303)


@router.post("/notes/{note_id}/remove", name="console_note_remove")
async def remove(request: Request, note_id: uuid.UUID, client: Annotated[uuid.UUID, Form()]) -> Response:
    try:
        async with notebook(request) as mine:
            client = await mine.remove_note(note_id)
    except NotYours:
        return RedirectResponse(f"/console/people/{client}?refused=not_your_note", 303)
    return RedirectResponse(f"/console/people/{client}?told=note_removed#notes", 303)


@router.get("/people/{client_id}/ready-made", name="console_ready_made")
async def ready_made(request: Request, client_id: uuid.UUID) -> Response:
    async with notebook(request) as mine:
        client, replies = await mine.ready_made(client_id)
        other = "en" if client.language == "es" else "es"
        return render(request, "_ready_made.html", replies=replies, languages=(client.language, other))
