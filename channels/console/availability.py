"""When a program's calendars can be booked: for supervisors and administrators to change."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from casework.scheduling import availability
from casework.scheduling.availability import BadHours, Settings
from casework.scheduling.tables import Calendar
from casework.staff.desk import Desk
from channels.console.door import desk
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
_PATH = "/console/availability"


@router.get("/availability", name="console_availability")
async def page(request: Request, program: str = "", told: str = "", refused: str = "", about: str = "") -> Response:
    async with desk(request) as mine:
        programs = await mine.programs()
        chosen = next((each for each in programs if each.id == program), programs[0] if programs else None)
        return render(
            request,
            "availability.html",
            programs=programs,
            chosen=chosen,
            calendars=await mine.availability(chosen.id) if chosen else (),
            kinds=availability.KINDS,
            limits=availability.LIMITS,
            told=told,
            refused=refused,
            about=about[:120],
            alarms=await mine.open_alarms(),
        )


@router.post("/availability", name="console_calendar_add")
async def add(request: Request, program: Text = "") -> Response:
    settings = await _settings(request)
    return await _do(request, program, lambda mine: mine.add_calendar(program, settings))


@router.post("/calendars/{calendar_id}", name="console_calendar_change")
async def change(request: Request, calendar_id: uuid.UUID, program: Text = "") -> Response:
    settings = await _settings(request)
    form = await request.form()
    weekly = {day: str(form.get(f"day_{day}", "")) for day in range(7)}
    return await _do(request, program, lambda mine: mine.change_calendar(calendar_id, settings, weekly))


@router.post("/calendars/{calendar_id}/dates", name="console_date_set")
async def set_date(
    request: Request,
    calendar_id: uuid.UUID,
    day: Annotated[date, Form()],
    hours: Text = "",
    note: Text = "",
    program: Text = "",
) -> Response:
    return await _do(request, program, lambda mine: mine.set_date(calendar_id, day, hours, note[:120]))


@router.post("/calendars/{calendar_id}/dates/clear", name="console_date_clear")
async def clear_date(
    request: Request, calendar_id: uuid.UUID, day: Annotated[date, Form()], program: Text = ""
) -> Response:
    return await _do(request, program, lambda mine: mine.clear_date(calendar_id, day))


@router.post("/calendars/{calendar_id}/blocks", name="console_block")
async def block(
    request: Request,
    calendar_id: uuid.UUID,
    begins: Annotated[datetime, Form()],
    ends: Annotated[datetime, Form()],
    note: Text = "",
    program: Text = "",
) -> Response:
    """Moments as the clock of the program's zone shows them."""
    since, until = begins.replace(tzinfo=None), ends.replace(tzinfo=None)
    return await _do(request, program, lambda mine: mine.block(calendar_id, since, until, note[:120]))


@router.post("/calendars/{calendar_id}/blocks/{block_id}/remove", name="console_unblock")
async def unblock(request: Request, calendar_id: uuid.UUID, block_id: uuid.UUID, program: Text = "") -> Response:
    return await _do(request, program, lambda mine: mine.unblock(calendar_id, block_id))


async def _settings(request: Request) -> Settings:
    form = await request.form()

    def number(name: str) -> int:
        given = str(form.get(name, "")).strip()
        return int(given) if given.isdecimal() and len(given) < 6 else -1  # out of every range: refused with its name

    return Settings(
        name=str(form.get("name", "")),
        kind=str(form.get("kind", "")),
        **{name: number(name) for name in availability.LIMITS},
        languages=tuple(str(each) for each in form.getlist("languages") if each in ("en", "es")),
        active="active" in form or "new" in form,
        clinician=str(form.get("clinician", "")),
    )


async def _do(request: Request, program: str, change: Callable[[Desk], Awaitable[Calendar]]) -> Response:
    try:
        async with desk(request) as mine:
            await change(mine)
    except BadHours as error:
        return _back(program=program, refused=error.code, about=error.about)
    return _back(program=program, told="calendar_saved")


def _back(**why: str) -> Response:
    return RedirectResponse(f"{_PATH}?{urlencode(why)}", 303)
