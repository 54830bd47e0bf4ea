"""The week's calendar, appointments and referrals: seeing them, and what staff do about them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from casework import clock
from casework.handoff.referrals import to_call
from casework.scheduling import links, week
from casework.staff.desk import Desk
from casework.staff.errors import CannotDo, NotYours
from casework.staff.roles import leads
from casework.storage import new_id
from casework.understanding.late import LONGEST
from channels.console.door import desk
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
Key = Annotated[uuid.UUID, Form()]
_FURTHEST = timedelta(days=366 * 2)  # weeks that can be looked at, from now in either direction


@router.get("/calendar", name="console_calendar")
async def calendar(
    request: Request, program: str = "", on: Annotated[date | None, Query(alias="week")] = None
) -> Response:
    """`week`: any day of it; without it this week, or the next one where this week's days are over.

    Without `program` the one with the next appointment, else the first by name.
    """
    async with desk(request) as mine:
        programs = await mine.programs()
        alarms = await mine.open_alarms()
        if not programs:
            return render(request, "calendar.html", programs=(), week=None, alarms=alarms)
        wanted = program or await mine.soonest_booked()
        chosen = next((each for each in programs if each.id == wanted), programs[0])
        today = clock.now().astimezone(ZoneInfo(chosen.zone)).date()
        day = on if on is not None and abs(on - today) < _FURTHEST else today
        monday = week.monday_of(day)
        shown = await mine.week(chosen.id, monday)
        if on is None and shown.days and max(shown.days) < today:  # on a weekend that nobody works
            monday += timedelta(days=7)
            shown = await mine.week(chosen.id, monday)
        return render(
            request,
            "calendar.html",
            programs=programs,
            week=shown,
            today=today,
            before=monday - timedelta(days=7),
            after=monday + timedelta(days=7),
            feed=links.feed_url(chosen.id, request.app.state.settings) if leads(mine.staff.role) else None,
            alarms=alarms,
        )


@router.get("/appointments/{appointment_id}", name="console_appointment")
async def appointment(request: Request, appointment_id: uuid.UUID, told: str = "", refused: str = "") -> Response:
    async with desk(request) as mine:
        found = await mine.appointment(appointment_id)
        movable = found.appointment.status == "booked"
        return render(
            request,
            "appointment.html",
            found=found,
            openings=await mine.openings(found.program.id) if movable else (),
            key=new_id(),
            told=told,
            refused=refused,
            alarms=await mine.open_alarms(),
        )


@router.post("/appointments/{appointment_id}/attended", name="console_attended")
async def attended(request: Request, appointment_id: uuid.UUID) -> Response:
    return await _do(request, appointment_id, "attended", lambda mine: mine.mark(appointment_id, "attended"))


@router.post("/appointments/{appointment_id}/no-show", name="console_no_show")
async def no_show(request: Request, appointment_id: uuid.UUID) -> Response:
    return await _do(request, appointment_id, "no_show", lambda mine: mine.mark(appointment_id, "no_show"))


@router.post("/appointments/{appointment_id}/cancel", name="console_cancel")
async def cancel(request: Request, appointment_id: uuid.UUID) -> Response:
    return await _do(request, appointment_id, "cancelled", lambda mine: mine.cancel(appointment_id))


@router.post("/appointments/{appointment_id}/late", name="console_late")
async def late(
    request: Request, appointment_id: uuid.UUID, minutes: Annotated[int | None, Form(ge=1, le=LONGEST)] = None
) -> Response:
    return await _do(request, appointment_id, "late", lambda mine: mine.running_late(appointment_id, minutes))


@router.post("/appointments/{appointment_id}/move", name="console_move")
async def move(request: Request, appointment_id: uuid.UUID, key: Key, opening: Text = "") -> Response:
    try:
        async with desk(request) as mine:
            new = await mine.move(appointment_id, opening, key=str(key))
            new_one = new.id
    except (NotYours, CannotDo) as error:
        return _back(f"/console/appointments/{appointment_id}", refused=_why(error))
    return _back(f"/console/appointments/{new_one}", told="moved")


@router.get("/people/{client_id}/openings", name="console_openings")
async def openings(
    request: Request, client_id: uuid.UUID, program: str = "", after: datetime | None = None, refused: str = ""
) -> Response:
    """Openings to book for this client, of the program that they chose unless another is named."""
    async with desk(request) as mine:
        person = await mine.person(client_id)
        programs = await mine.programs()
        wanted = program or (person.program.id if person.program else "")
        chosen = next((each for each in programs if each.id == wanted), programs[0] if programs else None)
        return render(
            request,
            "openings.html",
            person=person,
            programs=programs,
            chosen=chosen,
            openings=await mine.openings(chosen.id, after=_aware(after)) if chosen else (),
            key=new_id(),
            refused=refused,
            alarms=await mine.open_alarms(),
        )


@router.post("/people/{client_id}/book", name="console_book")
async def book(request: Request, client_id: uuid.UUID, key: Key, opening: Text = "", program: Text = "") -> Response:
    try:
        async with desk(request) as mine:
            await mine.book(client_id, opening, key=str(key))
    except (NotYours, CannotDo) as error:
        return _back(f"/console/people/{client_id}/openings", program=program, refused=_why(error))
    return _back(f"/console/people/{client_id}", told="booked")


@router.get("/referrals", name="console_referrals")
async def referrals(request: Request) -> Response:
    async with desk(request) as mine:
        lines = await mine.referrals()
        return render(
            request,
            "referrals.html",
            calls=[each for each in lines if to_call(each[0].referral)],
            waiting=[each for each in lines if not to_call(each[0].referral)],
            shown=len(lines),
            count=await mine.referrals_waiting(),
            alarms=await mine.open_alarms(),
        )


@router.post("/referrals/{referral_id}/{status}", name="console_refer")
async def refer(
    request: Request,
    referral_id: uuid.UUID,
    status: Literal["sent", "accepted", "called_back", "no_answer", "declined"],
    client: Annotated[uuid.UUID, Form()],
) -> Response:
    try:
        async with desk(request) as mine:
            client = await mine.refer(referral_id, status)
    except (NotYours, CannotDo) as error:
        return _back(f"/console/people/{client}", refused=_why(error))
    return _back(f"/console/people/{client}", told="referral")


async def _do(
    request: Request, appointment_id: uuid.UUID, told: str, change: Callable[[Desk], Awaitable[uuid.UUID]]
) -> Response:
    try:
        async with desk(request) as mine:
            await change(mine)
    except (NotYours, CannotDo) as error:
        return _back(f"/console/appointments/{appointment_id}", refused=_why(error))
    return _back(f"/console/appointments/{appointment_id}", told=told)


def _back(path: str, **why: Any) -> Response:
    return RedirectResponse(f"{path}?{urlencode(why)}", 303)


def _why(error: NotYours | CannotDo) -> str:
    return error.code if isinstance(error, CannotDo) else "not_yours"


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else None
