"""The console's pages and what staff do on them. Every change is a plain form: it works without scripts, too."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AwareDatetime

from casework import clock
from casework import staff as staffing
from casework.errors import NotFound
from casework.settings import Settings, demo_password
from casework.staff.errors import AlreadyClaimed, CannotDo, NotYours, TooManyTries
from casework.staff.reading import View
from casework.staff.records import LONGEST, LONGEST_CHAT, Records
from casework.storage import new_id
from channels.console import events
from channels.console.door import COOKIE, SIGN_IN, caseload, database, records, visit
from channels.console.pages import render, static_file
from channels.console.road import road_defaults
from channels.console.router import router

DEMO_EMAIL = "demo@guidepost.example"
_AT_ONCE = 2  # sign-ins whose passwords are checked at the same time: each costs 64 MiB and a core
Text = Annotated[str, Form()]
Start = Annotated[int, Query(ge=0, le=1_000_000)]


# Signing in and out


@router.get("/sign-in", name="console_sign_in")
async def sign_in_page(request: Request, next: Annotated[str, Query()] = "") -> Response:
    return _sign_in(request, next=next)


@router.post("/sign-in", name="console_sign_in_form")
async def sign_in(
    request: Request,
    email: Text = "",
    password: Text = "",
    next: Text = "",
) -> Response:
    state = request.app.state
    if not hasattr(state, "console_sign_ins"):
        state.console_sign_ins = asyncio.Semaphore(_AT_ONCE)
    address = request.client.host if request.client else None
    try:
        async with state.console_sign_ins, database(request).session() as session:
            token = await staffing.sign_in(session, email[:320], password[:1000], clock.now(), address=address)
    except TooManyTries:
        return _sign_in(request, 429, next=next, email=email, wrong="wait")
    if token is None:
        return _sign_in(request, 401, next=next, email=email, wrong="wrong")
    response = RedirectResponse(_inside(next), 303)
    secure = _settings(request).base_url.startswith("https:")
    response.set_cookie(COOKIE, token, path="/console", httponly=True, samesite="lax", secure=secure)
    return response


@router.post("/sign-out", name="console_sign_out")
async def sign_out(request: Request) -> Response:
    async with database(request).session() as session:
        await staffing.sign_out(session, visit(request).token, clock.now())
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(COOKIE, path="/console")
    return response


# The queue


@router.get("", name="console_queue")
async def queue(
    request: Request, view: View = "open", start: Start = 0, alarm: uuid.UUID | None = None, told: str = ""
) -> Response:
    """`alarm`: the link that a page to the on-call list carries; it leads to whom it is about."""
    async with records(request) as mine:
        if alarm:
            return RedirectResponse(f"/console/people/{await mine.alarm(alarm)}", 303)
        shown = await mine.queue(view, start=start)
        return render(request, "queue.html", queue=shown, told=told, alarms=await mine.open_alarms())


@router.get("/queue/rows", name="console_queue_rows")
async def queue_rows(request: Request, view: View = "open", start: Start = 0) -> Response:
    async with records(request) as mine:
        return render(request, "_queue.html", queue=await mine.queue(view, start=start, live=True))


@router.get("/alarms", name="console_alarms")
async def alarms(request: Request) -> Response:
    async with records(request) as mine:
        return render(request, "_alarms.html", alarms=await mine.open_alarms())


# One person


@router.get("/people/{client_id}", name="console_person")
async def person(
    request: Request,
    client_id: uuid.UUID,
    before: int | None = None,
    message: uuid.UUID | None = None,
    told: str = "",
    refused: str = "",
    undo: uuid.UUID | None = None,
) -> Response:
    """`message`: the part of the transcript that shows this one."""
    if message is not None:
        async with records(request) as mine:
            before = await mine.place_of(client_id, message)
    return await _person(request, client_id, before=before, told=told, refused=refused, undo=undo)


@router.get("/people/{client_id}/summary", name="console_person_summary")
async def person_summary(request: Request, client_id: uuid.UUID, before: int | None = None) -> Response:
    async with records(request) as mine:
        return render(request, "_summary_live.html", person=await mine.person(client_id, live=True), before=before)


@router.get("/people/{client_id}/road", name="console_person_road")
async def person_road(request: Request, client_id: uuid.UUID) -> Response:
    async with caseload(request) as mine:
        found = await mine.person(client_id, live=True)
        return render(request, "_road.html", person=found, way=await mine.way(client_id), **road_defaults(mine.at))


@router.get("/people/{client_id}/transcript", name="console_person_transcript")
async def person_transcript(request: Request, client_id: uuid.UUID) -> Response:
    async with records(request) as mine:
        return render(request, "_transcript.html", transcript=await mine.transcript(client_id, live=True))


@router.post("/people/{client_id}/look-again", name="console_look_again")
async def look_again(request: Request, client_id: uuid.UUID) -> Response:
    """The screening by the policies in force now."""
    try:
        async with records(request) as mine:
            told = "looked_otherwise" if await mine.look_again(client_id) else "looked_same"
    except (NotYours, CannotDo) as error:
        return RedirectResponse(f"/console/people/{client_id}?refused={_why(error)}", 303)
    return RedirectResponse(f"/console/people/{client_id}?told={told}", 303)


@router.post("/people/{client_id}/contact", name="console_contact")
async def contact(request: Request, client_id: uuid.UUID, text: Text = "", voicemail: Text = "") -> Response:
    """How they may be reached safely, as they told staff; what is neither yes nor no was not asked."""
    ways = {name: {"yes": True, "no": False}.get(given) for name, given in (("text", text), ("voicemail", voicemail))}
    return await _do(request, client_id, "contact_set", lambda mine: mine.set_contact(client_id, ways))


@router.post("/people/{client_id}/claim", name="console_claim")
async def claim(request: Request, client_id: uuid.UUID) -> Response:
    return await _do(request, client_id, "claimed", lambda mine: mine.claim(client_id))


@router.post("/people/{client_id}/release", name="console_release")
async def release(request: Request, client_id: uuid.UUID) -> Response:
    return await _do(request, client_id, "released", lambda mine: mine.release(client_id))


@router.post("/people/{client_id}/take-over", name="console_take_over")
async def take_over(request: Request, client_id: uuid.UUID) -> Response:
    return await _do(request, client_id, "taken_over", lambda mine: mine.take_over(client_id))


@router.post("/people/{client_id}/give-back", name="console_give_back")
async def give_back(request: Request, client_id: uuid.UUID) -> Response:
    return await _do(request, client_id, "given_back", lambda mine: mine.give_back(client_id))


@router.post("/people/{client_id}/close", name="console_close")
async def close(request: Request, client_id: uuid.UUID) -> Response:
    return await _do(request, client_id, "closed", lambda mine: mine.close(client_id))


@router.post("/people/{client_id}/reassign", name="console_reassign")
async def reassign(request: Request, client_id: uuid.UUID, to: Annotated[uuid.UUID, Form()]) -> Response:
    return await _do(request, client_id, "reassigned", lambda mine: mine.reassign(client_id, to))


@router.post("/people/{client_id}/messages/{message_id}/mark", name="console_mark")
async def mark(request: Request, client_id: uuid.UUID, message_id: uuid.UUID, level: Text = "") -> Response:
    """What the message really was: staff correct the detector, or say that it was right."""
    return await _do(request, client_id, "marked", lambda mine: mine.mark_message(client_id, message_id, level))


@router.post("/people/{client_id}/typing", name="console_typing")
async def typing(request: Request, client_id: uuid.UUID) -> Response:
    """The browser says that a reply is being written: a client on the web chat sees it."""
    async with records(request) as mine:
        await mine.typing(client_id)
    return Response(status_code=204)


@router.post("/people/{client_id}/reply", name="console_reply")
async def reply(request: Request, client_id: uuid.UUID, key: Annotated[uuid.UUID, Form()], text: Text = "") -> Response:
    """What was written is never lost: where it cannot be sent, the page comes back with it and says why."""
    text = text.replace("\r\n", "\n")
    try:
        async with records(request) as mine:
            await mine.reply(client_id, text, key=key)
    except (AlreadyClaimed, NotYours, CannotDo) as error:
        return await _person(request, client_id, refused=_why(error), draft=text, status=409)
    return RedirectResponse(f"/console/people/{client_id}?told=replied", 303)


@router.post("/alarms/{alarm_id}/acknowledge", name="console_acknowledge")
async def acknowledge(request: Request, alarm_id: uuid.UUID) -> Response:
    async with records(request) as mine:
        client_id = await mine.acknowledge(alarm_id)
    return RedirectResponse(f"/console/people/{client_id}?told=acknowledged", 303)


# The trail, live updates, files


@router.get("/audit", name="console_audit")
async def audit(request: Request, before: AwareDatetime | None = None, last: uuid.UUID | None = None) -> Response:
    """`before` and `last`: the moment and the id of the last entry on the page before."""
    async with records(request) as mine:
        trail = await mine.audit_trail((before, last) if before and last else None)
        return render(request, "audit.html", trail=trail, alarms=await mine.open_alarms())


@router.get("/events", name="console_events")
async def live_events(request: Request, person: uuid.UUID | None = None) -> Response:
    return await events.stream(request, person)


@router.get("/static/{name}", name="console_static")
async def static(request: Request, name: str) -> Response:
    found = static_file(name)
    if found is None:
        raise NotFound("no such file")
    lasting = request.query_params.get("v") == found.version
    headers = {
        "ETag": f'"{found.version}"',
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "public, max-age=60",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


# What these share


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _inside(path: str) -> str:
    """Where to go after signing in: a page of the console and nowhere else."""
    fits = path == "/console" or path.startswith(("/console/", "/console?"))
    return path if fits and "\\" not in path and path.isprintable() else "/console"


def _sign_in(
    request: Request,
    status: int = 200,
    *,
    next: str = "",
    email: str = "",
    wrong: str | None = None,
) -> Response:
    settings = _settings(request)
    demo = {"email": DEMO_EMAIL, "password": demo_password(settings)} if settings.guidepost_demo else None
    return render(request, "sign_in.html", status, next=next, email=email, wrong=wrong, demo_login=demo)


async def _person(
    request: Request,
    client_id: uuid.UUID,
    *,
    before: int | None = None,
    told: str = "",
    refused: str = "",
    undo: uuid.UUID | None = None,
    draft: str = "",
    status: int = 200,
) -> Response:
    async with caseload(request) as mine:
        found = await mine.person(client_id)
        transcript = await mine.transcript(client_id, before=before, live=True)
        return render(
            request,
            "person.html",
            status,
            person=found,
            way=await mine.way(client_id),
            undo=undo,
            **road_defaults(mine.at),
            transcript=transcript,
            before=before,
            told=told,
            refused=refused,
            draft=draft,
            key=new_id(),
            longest=LONGEST.get(found.conversation.channel, LONGEST_CHAT),
            alarms=await mine.open_alarms(),
        )


def _why(error: AlreadyClaimed | NotYours | CannotDo) -> str:
    if isinstance(error, CannotDo):
        return error.code
    return "taken" if isinstance(error, AlreadyClaimed) else "not_yours"


async def _do(
    request: Request, client_id: uuid.UUID, told: str, change: Callable[[Records], Awaitable[None]]
) -> Response:
    """Makes the change and shows the person's page, which says what was done or why it was not."""
    try:
        async with records(request) as mine:
            await change(mine)
    except (AlreadyClaimed, NotYours, CannotDo) as error:
        return RedirectResponse(f"/console/people/{client_id}?refused={_why(error)}", 303)
    return RedirectResponse(f"/console/people/{client_id}?told={told}", 303)
