"""Administration: staff, ready-made replies, the agency's wording, policies in force; one's own password."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from casework import agency, office
from casework.handoff import promise
from casework.handoff.ready_made import FIELDS, BadReply
from casework.handoff.ready_made import LONGEST as LONGEST_REPLY
from casework.intake.policies import in_force
from casework.settings import get_settings
from casework.staff.administration import Administration
from casework.staff.errors import BadAccount, CannotDo, LastAdmin
from casework.staff.me import SKILLS
from casework.staff.passwords import SHORTEST
from casework.staff.roles import may
from casework.staff.signing_in import session_index
from casework.staff.tables import ROLES
from channels.console import rules
from channels.console.door import administration, visit
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
Listed = Annotated[list[str], Form()]
LANGUAGES = ("en", "es")
_PAGES = (
    ("console_staff", "/console/admin/staff"),
    ("console_programs", "/console/admin/programs"),
    ("console_availability", "/console/availability"),
    ("console_replies", "/console/admin/replies"),
    ("console_agency", "/console/admin/agency"),
    ("console_policies", "/console/admin/policies"),
    ("console_imports", "/console/admin/imports"),
)


@router.get("/admin", name="console_admin")
async def hub(request: Request) -> Response:
    async with administration(request) as mine:
        pages = [(name, path) for name, path in _PAGES if may(mine.staff.role, name)]
        return render(request, "admin.html", pages=pages, alarms=await mine.open_alarms())


# Staff


@router.get("/admin/staff", name="console_staff")
async def staff(request: Request, told: str = "", refused: str = "") -> Response:
    return await _staff_page(request, told=told, refused=refused)


@router.post("/admin/staff", name="console_staff_add")
async def add_staff(
    request: Request,
    email: Text = "",
    name: Text = "",
    role: Text = "case_manager",
    languages: Listed = [],  # noqa: B006
) -> Response:
    try:
        async with administration(request) as mine:
            made, password = await mine.add_staff(email, name, role, _known(languages, LANGUAGES))
            given = (made.name, made.email, password)
    except BadAccount as error:
        return await _staff_page(request, 409, wrong=str(error), typed={"email": email, "name": name, "role": role})
    return await _staff_page(request, given=given)


@router.post("/admin/staff/{staff_id}", name="console_staff_change")
async def change_staff(
    request: Request,
    staff_id: uuid.UUID,
    name: Text = "",
    role: Text = "",
    languages: Listed = [],  # noqa: B006
    skills: Listed = [],  # noqa: B006
    reach: Text = "",
) -> Response:
    async def change(mine: Administration) -> None:
        await mine.change_staff(
            staff_id,
            name=name,
            role=role,
            languages=_known(languages, LANGUAGES),
            skills=_known(skills, SKILLS),
            reach=reach.split(),
        )

    return await _do_staff(request, "staff_saved", change)


@router.post("/admin/staff/{staff_id}/reset", name="console_staff_reset")
async def reset_sign_in(request: Request, staff_id: uuid.UUID) -> Response:
    async with administration(request) as mine:
        changed, password = await mine.reset_sign_in(staff_id)
        given = (changed.name, changed.email, password)
    return await _staff_page(request, given=given)


@router.post("/admin/staff/{staff_id}/disable", name="console_staff_disable")
async def disable_staff(request: Request, staff_id: uuid.UUID) -> Response:
    return await _do_staff(request, "staff_disabled", lambda mine: mine.disable(staff_id))


@router.post("/admin/staff/{staff_id}/enable", name="console_staff_enable")
async def enable_staff(request: Request, staff_id: uuid.UUID) -> Response:
    return await _do_staff(request, "staff_enabled", lambda mine: mine.enable(staff_id))


async def _do_staff(request: Request, told: str, change: Callable[[Administration], Awaitable[None]]) -> Response:
    try:
        async with administration(request) as mine:
            await change(mine)
    except LastAdmin:
        return _to("/console/admin/staff", refused="last_admin")
    except CannotDo as error:
        return _to("/console/admin/staff", refused=error.code)
    except BadAccount as error:
        return _to("/console/admin/staff", refused="reach" if str(error) == "reach" else "staff_wrong")
    return _to("/console/admin/staff", told=told)


async def _staff_page(request: Request, status: int = 200, **more: Any) -> Response:
    given = {"given": None, "wrong": None, "typed": {"email": "", "name": "", "role": "case_manager"}, **more}
    async with administration(request) as mine:
        return render(
            request,
            "admin_staff.html",
            status,
            people=await mine.everybody(),
            signed_in=await mine.last_seen(),
            roles=ROLES,
            languages=LANGUAGES,
            skills=SKILLS,
            alarms=await mine.open_alarms(),
            **given,
        )


def _known(given: list[str], allowed: tuple[str, ...]) -> list[str]:
    return [each for each in allowed if each in given]


# One's own account


@router.get("/me/password", name="console_password")
async def password(request: Request, told: str = "", refused: str = "") -> Response:
    async with administration(request) as mine:
        return render(
            request, "password.html", told=told, refused=refused, shortest=SHORTEST, alarms=await mine.open_alarms()
        )


@router.post("/me/password", name="console_password_set")
async def own_password(request: Request, now: Text = "", new: Text = "") -> Response:
    try:
        async with administration(request) as mine:
            await mine.set_own_password(now[:1000], new[:1000], session_index=session_index(visit(request).token))
    except CannotDo as error:
        return _to("/console/me/password", refused=error.code)
    except BadAccount:
        return _to("/console/me/password", refused="password_short")
    return _to("/console/me/password", told="password_set")


# Ready-made replies


@router.get("/admin/replies", name="console_replies")
async def replies(request: Request, told: str = "", refused: str = "") -> Response:
    return await _replies_page(request, told=told, refused=refused)


@router.post("/admin/replies", name="console_reply_save")
async def save_reply(
    request: Request, reply: Text = "", code: Text = "", title: Text = "", text_en: Text = "", text_es: Text = ""
) -> Response:
    """What was written is never lost: where it cannot be kept, the page comes back with it and says why."""
    texts = {"code": code, "title": title, "text_en": text_en, "text_es": text_es}
    try:
        async with administration(request) as mine:
            await mine.save_reply(_id(reply), **texts)
    except BadReply as error:
        return await _replies_page(request, 409, refused=error.code, typed={"id": reply, **texts})
    return _to("/console/admin/replies", told="reply_saved")


@router.post("/admin/replies/starters", name="console_reply_starters")
async def starter_replies(request: Request) -> Response:
    async with administration(request) as mine:
        await mine.add_starter_replies()
    return _to("/console/admin/replies", told="reply_saved")


@router.post("/admin/replies/{reply_id}/remove", name="console_reply_remove")
async def remove_reply(request: Request, reply_id: uuid.UUID) -> Response:
    async with administration(request) as mine:
        await mine.remove_reply(reply_id)
    return _to("/console/admin/replies", told="reply_removed")


async def _replies_page(request: Request, status: int = 200, **more: Any) -> Response:
    blank = {"id": "", "code": "", "title": "", "text_en": "", "text_es": ""}
    async with administration(request) as mine:
        return render(
            request,
            "admin_replies.html",
            status,
            replies=await mine.replies(),
            fields=FIELDS,
            longest=LONGEST_REPLY,
            alarms=await mine.open_alarms(),
            **{"typed": blank, **more},
        )


def _id(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None


# The agency


@router.get("/admin/agency", name="console_agency")
async def agency_page(request: Request, told: str = "", refused: str = "") -> Response:
    async with administration(request) as mine:
        return await _agency_page(request, mine, await mine.wording(), told=told, refused=refused)


@router.post("/admin/agency", name="console_agency_save")
async def save_agency(
    request: Request, name: Text = "", phone: Text = "", hours: Text = "", holidays: Text = ""
) -> Response:
    try:
        async with administration(request) as mine:
            written = await mine.write_agency(name=name, phone=phone, hours=hours, holidays=holidays)
    except agency.BadWording as error:
        typed = agency.Wording(name, phone, hours, tuple(holidays.split()))
        async with administration(request) as mine:
            return await _agency_page(request, mine, typed, 409, refused=error.code, part=error.part)
    agency.apply(get_settings(), written)  # the other processes follow within seconds
    return _to("/console/admin/agency", told="agency_saved")


async def _agency_page(
    request: Request, mine: Administration, wording: agency.Wording, status: int = 200, **more: Any
) -> Response:
    hours = office.current()
    told = {each: promise.in_words(promise.due(promise.SOON, mine.at), mine.at, None, each) for each in LANGUAGES}
    return render(
        request,
        "admin_agency.html",
        status,
        wording=wording,
        settings=get_settings(),
        seconds=int(agency.EVERY_SECONDS),
        office=hours,
        week=_week(hours) if hours else [],
        coming=sorted(day for day in hours.holidays if day >= mine.at.date()) if hours else [],
        is_open=hours is not None and hours.is_open(mine.at),
        told_now=told,
        alarms=await mine.open_alarms(),
        **{"part": "", **more},
    )


def _week(hours: office.Office) -> list[tuple[int, list[str]]]:
    """Each weekday (0: Monday) with its shifts by the office's own clock; none: closed."""
    return [
        (day, [f"{opens:%H:%M}-{closes:%H:%M}" for on, opens, closes in sorted(hours.spans) if on == day])
        for day in range(7)
    ]


# Policies


@router.get("/admin/policies", name="console_policies")
async def policies(request: Request) -> Response:
    async with administration(request) as mine:
        return render(
            request,
            "admin_policies.html",
            policies=in_force(),
            rule=rules.in_words,
            alarms=await mine.open_alarms(),
        )


def _to(path: str, **why: str) -> Response:
    return RedirectResponse(f"{path}?{urlencode(why)}", 303)
