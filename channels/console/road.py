"""The board, and what staff do on a client's road: moving it along, the service plan, tasks."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from casework.road import rules, tasks
from casework.road.rules import Given
from casework.staff.caseload import CARDS, Caseload, View
from casework.staff.errors import CannotDo, NotYours
from channels.console.door import caseload
from channels.console.pages import render
from channels.console.router import router

Text = Annotated[str, Form()]
Stage = Literal[
    "screening", "intake_booked", "assessed", "plan_drafted", "plan_approved", "assigned", "monitoring", "closed"
]
Start = Annotated[int, Query(ge=0, le=1_000_000)]


# The board


@router.get("/board", name="console_board")
async def board(
    request: Request,
    view: View = "all",
    stage: Stage | None = None,
    start: Start = 0,
    told: str = "",
    refused: str = "",
    undo: uuid.UUID | None = None,
) -> Response:
    """`stage`: that column alone. `undo`: the move that was just made from here."""
    return await _board(request, "board.html", view, stage, start, told=told, refused=refused, undo=undo)


@router.get("/board/columns", name="console_board_columns")
async def columns(request: Request, view: View = "all", stage: Stage | None = None, start: Start = 0) -> Response:
    return await _board(request, "_board.html", view, stage, start)


async def _board(request: Request, template: str, view: View, stage: str | None, start: int, **more: Any) -> Response:
    async with caseload(request) as mine:
        found = await mine.board(view, stage=stage, start=start)
        return render(
            request,
            template,
            board=found,
            stage=stage,
            start=start,
            cards=CARDS,
            with_case_manager=rules.WITH_CASE_MANAGER,
            today=tasks.today(mine.at),
            alarms=await mine.open_alarms(),
            **more,
        )


def road_defaults(at: datetime) -> dict[str, Any]:
    """What the forms of the road begin with: the days that are usual."""
    today = tasks.today(at)
    return {
        "stages": rules.STAGES,
        "ends": rules.ENDS,
        "with_case_manager": rules.WITH_CASE_MANAGER,
        "today": today,
        "usual": {
            "check_in_on": today + rules.CHECK_IN_AFTER,
            "reassess_on": today + rules.REASSESS_AFTER,
            "check_in": today + rules.CHECK_IN_AFTER,
            "reassessment": today + rules.REASSESS_AFTER,
        },
        "again": tasks.AGAIN,
    }


# The stage


@router.post("/people/{client_id}/road", name="console_road_move")
async def move(
    request: Request,
    client_id: uuid.UUID,
    to: Annotated[Stage, Form()],
    start: Annotated[Stage, Form(alias="from")],
    case_manager: Text = "",
    check_in_on: Text = "",
    reassess_on: Text = "",
    reason: Text = "",
    back: Text = "",
) -> Response:
    """`from` is the stage that the page showed: a case that a colleague has moved meanwhile is not moved again."""
    try:
        given = Given(
            case_manager=uuid.UUID(case_manager) if case_manager else None,
            check_in_on=_day(check_in_on),
            reassess_on=_day(reassess_on),
            reason=reason or None,
        )
        async with caseload(request) as mine:
            made = await mine.move(client_id, start, to, given)
            undo = made.id
    except (NotYours, CannotDo, ValueError) as error:
        return _away(client_id, back, refused=_why(error))
    return _away(client_id, back, told=f"road_{to}", undo=undo)


@router.post("/people/{client_id}/case-manager", name="console_case_manager")
async def change_case_manager(
    request: Request,
    client_id: uuid.UUID,
    to: Annotated[uuid.UUID, Form()],
    stage: Annotated[Stage, Form(alias="from")],
) -> Response:
    try:
        async with caseload(request) as mine:
            made = await mine.change_case_manager(client_id, stage, to)
            undo = made.id
    except (NotYours, CannotDo) as error:
        return _away(client_id, "", refused=_why(error))
    return _away(client_id, "", told="road_case_manager", undo=undo)


@router.post("/moves/{move_id}/undo", name="console_road_undo")
async def undo(request: Request, move_id: uuid.UUID, client: Annotated[uuid.UUID, Form()], back: Text = "") -> Response:
    try:
        async with caseload(request) as mine:
            client = await mine.undo(move_id)
    except (NotYours, CannotDo) as error:
        return _away(client, back, refused=_why(error))
    return _away(client, back, told="road_undone")


# The plan


@router.get("/people/{client_id}/plan", name="console_plan")
async def plan(
    request: Request, client_id: uuid.UUID, told: str = "", refused: str = "", brought: uuid.UUID | None = None
) -> Response:
    """`brought`: a goal that was just taken off, and can be brought back."""
    async with caseload(request) as mine:
        return render(
            request,
            "plan.html",
            way=await mine.read_plan(client_id),
            **road_defaults(mine.at),
            told=told,
            refused=refused,
            dropped=brought,
            alarms=await mine.open_alarms(),
        )


@router.post("/people/{client_id}/goals", name="console_goal_add")
async def add_goal(
    request: Request, client_id: uuid.UUID, text: Text = "", measure: Text = "", target_on: Text = ""
) -> Response:
    async def change(mine: Caseload) -> uuid.UUID:
        await mine.add_goal(client_id, text, measure, _day(target_on))
        return client_id

    return await _on_plan(request, client_id, "goal_added", change)


@router.post("/goals/{goal_id}", name="console_goal_change")
async def change_goal(
    request: Request,
    goal_id: uuid.UUID,
    client: Annotated[uuid.UUID, Form()],
    text: Text = "",
    measure: Text = "",
    target_on: Text = "",
) -> Response:
    return await _on_plan(
        request, client, "goal_changed", lambda mine: mine.change_goal(goal_id, text, measure, _day(target_on))
    )


@router.post("/goals/{goal_id}/{what}", name="console_goal_do")
async def do_goal(
    request: Request,
    goal_id: uuid.UUID,
    what: Literal["drop", "bring-back", "reached", "open"],
    client: Annotated[uuid.UUID, Form()],
) -> Response:
    async def change(mine: Caseload) -> uuid.UUID:
        if what == "drop":
            return await mine.drop_goal(goal_id)
        if what == "bring-back":
            return await mine.bring_back_goal(goal_id)
        return await mine.goal_reached(goal_id, done=what == "reached")

    more = {"brought": goal_id} if what == "drop" else {}
    return await _on_plan(request, client, f"goal_{what.replace('-', '_')}", change, **more)


@router.post("/goals/{goal_id}/services/add", name="console_service_add")
async def add_service(
    request: Request, goal_id: uuid.UUID, client: Annotated[uuid.UUID, Form()], what: Text = "", who: Text = ""
) -> Response:
    return await _on_plan(request, client, "service_added", lambda mine: mine.add_service(goal_id, what, who))


@router.post("/services/{service_id}/remove", name="console_service_remove")
async def remove_service(request: Request, service_id: uuid.UUID, client: Annotated[uuid.UUID, Form()]) -> Response:
    return await _on_plan(request, client, "service_removed", lambda mine: mine.remove_service(service_id))


# Tasks


@router.post("/people/{client_id}/tasks", name="console_task_add")
async def add_task(request: Request, client_id: uuid.UUID, note: Text = "", due_on: Text = "") -> Response:
    async def change(mine: Caseload) -> uuid.UUID:
        await mine.add_task(client_id, note, _day(due_on))
        return client_id

    return await _on_person(request, client_id, "", "task_added", change)


@router.post("/tasks/{task_id}/done", name="console_task_done")
async def finish_task(
    request: Request,
    task_id: uuid.UUID,
    client: Annotated[uuid.UUID, Form()],
    next_on: Text = "",
    back: Text = "",
) -> Response:
    return await _on_person(request, client, back, "task_done", lambda mine: mine.finish_task(task_id, _day(next_on)))


@router.post("/tasks/{task_id}/reopen", name="console_task_reopen")
async def reopen_task(
    request: Request, task_id: uuid.UUID, client: Annotated[uuid.UUID, Form()], back: Text = ""
) -> Response:
    return await _on_person(request, client, back, "task_reopened", lambda mine: mine.reopen_task(task_id))


# What these share

Change = Callable[[Caseload], Awaitable[uuid.UUID]]


async def _on_plan(request: Request, client_id: uuid.UUID, told: str, change: Change, **more: Any) -> Response:
    try:
        async with caseload(request) as mine:
            client_id = await change(mine)
    except (NotYours, CannotDo, ValueError) as error:
        return _to(f"/console/people/{client_id}/plan", refused=_why(error))
    return _to(f"/console/people/{client_id}/plan", told=told, **more)


async def _on_person(request: Request, client_id: uuid.UUID, back: str, told: str, change: Change) -> Response:
    try:
        async with caseload(request) as mine:
            client_id = await change(mine)
    except (NotYours, CannotDo, ValueError) as error:
        return _away(client_id, back, refused=_why(error))
    return _away(client_id, back, told=told)


def _away(client_id: uuid.UUID, back: str, **why: Any) -> Response:
    """To where the form was: the board, the plan, else the person's page at the road."""
    if back in ("all", "mine", "overdue"):
        return _to("/console/board", view=back, **why)
    if back == "plan":
        return _to(f"/console/people/{client_id}/plan", **why)
    return _to(f"/console/people/{client_id}", "#road", **why)


def _to(path: str, fragment: str = "", **why: Any) -> Response:
    return RedirectResponse(f"{path}?{urlencode(why)}{fragment}", 303)


def _day(text: str) -> date | None:
    """A day as a date field sends it. Raises ValueError."""
    return date.fromisoformat(text) if text.strip() else None


def _why(error: Exception) -> str:
    if isinstance(error, CannotDo):
        return error.code
    return "not_yours" if isinstance(error, NotYours) else "bad_date"
