"""The directory kept by hand: programs, their facts and when each was checked, whom to call; imports."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from casework import clock
from casework.directory import importing
from casework.directory.importing import runs
from casework.directory.tables import KINDS
from casework.directory.upkeep import CALLED_ABOUT, CHECKED_FOR, FACTS, ROWS, BadFact
from casework.reports.gathering import zone
from channels.console.door import administration
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
Start = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("/admin/programs", name="console_programs")
async def programs(request: Request, q: str = "", view: str = "call", start: Start = 0) -> Response:
    async with administration(request) as mine:
        rows, more = await mine.programs(q[:100], to_call=view == "call", start=start)
        return render(
            request,
            "admin_programs.html",
            rows=rows,
            more=more,
            start=start,
            step=ROWS,
            q=q[:100],
            view="call" if view == "call" else "all",
            days=CHECKED_FOR // timedelta(days=1),
            alarms=await mine.open_alarms(),
        )


@router.get("/admin/programs/{program_id}", name="console_program")
async def program(request: Request, program_id: str, told: str = "") -> Response:
    return await _program(request, program_id, told=told)


@router.post("/admin/programs/{program_id}", name="console_program_save")
async def save_program(request: Request, program_id: str) -> Response:
    """What was written is never lost: where a fact cannot be read, the page comes back and says which."""
    form = await request.form()
    given = {name: str(form[name]) for name in FACTS if name in form}
    checked = [str(each) for each in form.getlist("checked")]
    today = clock.now().astimezone(ZoneInfo(zone())).date()
    try:
        async with administration(request) as mine:
            await mine.save_facts(program_id, given, checked, today)
    except BadFact as error:
        return await _program(request, program_id, 409, wrong=error.fact, typed=given, ticked=checked)
    return RedirectResponse(f"/console/admin/programs/{program_id}?told=program_saved", 303)


async def _program(request: Request, program_id: str, status: int = 200, **more: Any) -> Response:
    async with administration(request) as mine:
        found, facts = await mine.facts(program_id)
        return render(
            request,
            "admin_program.html",
            status,
            program=found,
            facts=facts,
            kinds=KINDS,
            called_about=CALLED_ABOUT,
            alarms=await mine.open_alarms(),
            **{"wrong": None, "typed": {}, "ticked": [], **more},
        )


# Imports


@router.get("/admin/imports", name="console_imports")
async def imports(request: Request, told: str = "", refused: str = "") -> Response:
    async with administration(request) as mine:
        found = await mine.imports()
        return render(
            request,
            "admin_imports.html",
            imports=found,
            running=any(each.status in ("waiting", "running") for each, _ in found),
            kinds=importing.KINDS,
            largest=runs.LARGEST // 1_000_000,
            told=told,
            refused=refused,
            alarms=await mine.open_alarms(),
        )


@router.post("/admin/imports", name="console_import")
async def import_file(request: Request) -> Response:
    form = await request.form()
    kind, path = str(form.get("kind", "")), str(form.get("path", "")).strip()
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) and upload.filename else None
    name = upload.filename if content is not None and isinstance(upload, UploadFile) else path
    verified_on = _day(str(form.get("verified_on", "")))
    await form.close()
    refused = _wrong(kind, content, path)
    if refused:
        return _to(refused=refused)
    async with administration(request) as mine:
        await mine.ask_for_import(
            kind,
            file=(name or "").replace("\\", "/").rsplit("/", 1)[-1][:200],
            content=content,
            path=None if content is not None else path,
            verified_on=verified_on,
        )
    return _to(told="import_asked")


@router.post("/admin/imports/undo", name="console_import_undo")
async def undo_import(request: Request) -> Response:
    async with administration(request) as mine:
        await mine.ask_for_import(runs.UNDO, file="", content=None, path=None, verified_on=None)
    return _to(told="undo_asked")


def _wrong(kind: str, content: bytes | None, path: str) -> str | None:
    if kind not in importing.KINDS:
        return "import_kind"
    if not content and not path:
        return "import_nothing"
    if content is not None and len(content) > runs.LARGEST:
        return "import_large"
    return None


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _to(**why: str) -> Response:
    return RedirectResponse(f"/console/admin/imports?{urlencode(why)}", 303)
