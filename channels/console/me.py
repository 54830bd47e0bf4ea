"""One's own page: languages, what one knows about, how one is called."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from casework import clock
from casework.staff import me
from casework.staff.errors import CannotDo
from casework.wording import LANGUAGES
from channels.console.door import database, records, visit
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
Ticks = Annotated[list[str] | None, Form()]


@router.get("/me", name="console_me")
async def my_page(request: Request, told: str = "", refused: str = "") -> Response:
    async with records(request) as mine:
        return render(
            request,
            "me.html",
            languages=LANGUAGES,
            skills=me.SKILLS,
            ways=me.ways(mine.staff),
            told=told,
            refused=refused,
            alarms=await mine.open_alarms(),
        )


@router.post("/me", name="console_me_change")
async def change(
    request: Request,
    languages: Ticks = None,
    skills: Ticks = None,
    phone: Text = "",
    email: Text = "",
    webhook: Text = "",
) -> Response:
    try:
        async with database(request).session() as session:
            await me.change(
                session,
                visit(request).staff,
                languages=languages or (),
                skills=skills or (),
                phone=phone,
                email=email,
                webhook=webhook,
                at=clock.now(),
            )
    except CannotDo as error:
        return RedirectResponse(f"/console/me?refused={error.code}", 303)
    return RedirectResponse("/console/me?told=me_saved", 303)
