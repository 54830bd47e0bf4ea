"""Erasing a client's record: a page that says what goes, and a word typed by hand before anything does."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from casework.staff.erasing import WORD
from casework.staff.errors import CannotDo
from channels.console.door import erasing
from channels.console.pages import render
from channels.console.router import router


@router.get("/people/{client_id}/erase", name="console_erase")
async def page(request: Request, client_id: uuid.UUID) -> Response:
    return await _page(request, client_id)


@router.post("/people/{client_id}/erase", name="console_erase_now")
async def erase(request: Request, client_id: uuid.UUID, typed: Annotated[str, Form()] = "") -> Response:
    try:
        async with erasing(request) as mine:
            await mine.erase(client_id, typed)
    except CannotDo as error:
        return await _page(request, client_id, 409, refused=error.code)
    return RedirectResponse("/console?told=erased", 303)


async def _page(request: Request, client_id: uuid.UUID, status: int = 200, *, refused: str = "") -> Response:
    async with erasing(request) as mine:
        client = await mine.to_erase(client_id)
        alarms = await mine.open_alarms()
        return render(request, "erase.html", status, client=client, word=WORD, refused=refused, alarms=alarms)
