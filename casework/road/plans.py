"""The service plan: its goals with their measures, the services for each, and who agreed to it when.

Goals are written while the plan is a draft. Offered to the client, it stands still until they agree, or until it is
taken back; so nobody agrees to something else than they were shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.errors import NotFound
from casework.road import rules
from casework.road.rules import Known, NotAllowed
from casework.road.tables import Goal, Plan, Service
from casework.storage import new_id

LONGEST = 300  # characters of a goal, measure or service: what is read on a phone
MOST_GOALS = 12
OPEN = ("draft", "offered")
# The stages in which a plan is written: later it is taken back, or the client is reassessed first.
WRITTEN_IN = (rules.SCREENING, rules.INTAKE_BOOKED, rules.ASSESSED)


@dataclass(frozen=True)
class GoalLine:
    goal: Goal
    services: Sequence[Service] = field(default_factory=tuple)


@dataclass(frozen=True)
class Whole:
    """A plan with everything in it."""

    plan: Plan
    goals: Sequence[GoalLine]


async def open_plan(session: AsyncSession, client_id: uuid.UUID) -> Plan | None:
    found: Plan | None = await session.scalar(
        select(Plan).where(Plan.client_id == client_id, Plan.status.in_(OPEN)).execution_options(populate_existing=True)
    )
    return found


async def approved(session: AsyncSession, client_id: uuid.UUID) -> Plan | None:
    """The plan that holds now."""
    found: Plan | None = await session.scalar(
        select(Plan).where(Plan.client_id == client_id, Plan.status == "approved").order_by(Plan.number.desc()).limit(1)
    )
    return found


async def of_client(session: AsyncSession, client_id: uuid.UUID) -> tuple[Whole | None, Whole | None]:
    """The plan that is open and the one that holds, each with everything in it; None where there is none."""
    rows = await session.scalars(
        select(Plan)
        .where(Plan.client_id == client_id, Plan.status.in_((*OPEN, "approved")))
        .order_by(Plan.number)
        .execution_options(populate_existing=True)
    )
    newest = {("open" if plan.status in OPEN else "approved"): plan for plan in rows}
    wholes = await _wholes(session, list(newest.values()))
    open_one, held = newest.get("open"), newest.get("approved")
    return (wholes[open_one.id] if open_one else None, wholes[held.id] if held else None)


async def whole(session: AsyncSession, plan: Plan) -> Whole:
    return (await _wholes(session, [plan]))[plan.id]


async def _wholes(session: AsyncSession, plans: Sequence[Plan]) -> dict[uuid.UUID, Whole]:
    if not plans:
        return {}
    ids = [plan.id for plan in plans]
    goals = (
        await session.scalars(
            select(Goal).where(Goal.plan_id.in_(ids), Goal.status != "dropped").order_by(Goal.created_at, Goal.id)
        )
    ).all()
    services: dict[uuid.UUID, list[Service]] = {}
    if goals:
        wanted = select(Service).where(Service.goal_id.in_([goal.id for goal in goals]))
        for service in await session.scalars(wanted.order_by(Service.created_at, Service.id)):
            services.setdefault(service.goal_id, []).append(service)
    return {
        plan.id: Whole(plan, [GoalLine(goal, services.get(goal.id, ())) for goal in goals if goal.plan_id == plan.id])
        for plan in plans
    }


def so_far(plan: Whole | None) -> Known:
    """How far an open plan is, for the rules."""
    goals = [line.goal for line in plan.goals] if plan else []
    return Known(len(goals), sum(1 for goal in goals if not goal.measure))


async def known(session: AsyncSession, client_id: uuid.UUID) -> Known:
    """How far the open plan is."""
    return so_far((await of_client(session, client_id))[0])


async def add_goal(
    session: AsyncSession,
    client_id: uuid.UUID,
    stage: str,
    text: str,
    measure: str,
    target_on: date | None,
    *,
    today: date,
    staff_id: uuid.UUID,
) -> Goal:
    """A goal on the client's draft, which begins with the first. Raises NotAllowed."""
    plan = await _draft(session, client_id, stage, staff_id)
    count = await session.scalar(
        select(func.count()).select_from(Goal).where(Goal.plan_id == plan.id, Goal.status != "dropped")
    )
    if (count or 0) >= MOST_GOALS:
        raise NotAllowed("enough_goals")
    goal = Goal(id=new_id(), client_id=client_id, plan_id=plan.id, text="", status="open")
    _write(goal, text, measure, target_on, today)
    session.add(goal)
    await session.flush()
    return goal


async def change_goal(
    session: AsyncSession, goal_id: uuid.UUID, text: str, measure: str, target_on: date | None, *, today: date
) -> Goal:
    """Raises NotAllowed (also plan_not_draft), NotFound."""
    goal = await _of_draft(session, goal_id)
    _write(goal, text, measure, target_on, today)
    await session.flush()
    return goal


async def drop_goal(session: AsyncSession, goal_id: uuid.UUID) -> Goal:
    goal = await _of_draft(session, goal_id)
    goal.status = "dropped"
    await session.flush()
    return goal


async def bring_back_goal(session: AsyncSession, goal_id: uuid.UUID) -> Goal:
    goal = await _of_draft(session, goal_id)
    goal.status = "open"
    await session.flush()
    return goal


async def reached(session: AsyncSession, goal_id: uuid.UUID, *, done: bool) -> Goal:
    """The client has reached it (or not yet, after all), on the plan that holds. Raises NotAllowed, NotFound."""
    goal = await _goal(session, goal_id)
    plan = await session.get_one(Plan, goal.plan_id)
    if plan.status != "approved" or goal.status == "dropped":
        raise NotAllowed("plan_not_approved")
    goal.status = "reached" if done else "open"
    await session.flush()
    return goal


async def add_service(session: AsyncSession, goal_id: uuid.UUID, what: str, who: str) -> Service:
    """Raises NotAllowed: empty, too_long_note, plan_not_draft. NotFound."""
    goal = await _of_draft(session, goal_id)
    service = Service(
        id=new_id(), client_id=goal.client_id, goal_id=goal.id, what=_fits(what), who=_fits(who, empty=True) or None
    )
    session.add(service)
    await session.flush()
    return service


async def remove_service(session: AsyncSession, service_id: uuid.UUID) -> uuid.UUID:
    """Returns the client's id."""
    service = await session.get(Service, service_id)
    if service is None:
        raise NotFound("no such service")
    goal = await _of_draft(session, service.goal_id)
    await session.delete(service)
    await session.flush()
    return goal.client_id


async def client_of_goal(session: AsyncSession, goal_id: uuid.UUID) -> uuid.UUID:
    return (await _goal(session, goal_id)).client_id


async def client_of_service(session: AsyncSession, service_id: uuid.UUID) -> uuid.UUID:
    found = await session.scalar(select(Service.client_id).where(Service.id == service_id))
    if found is None:
        raise NotFound("no such service")
    return found


async def follow(
    session: AsyncSession,
    client_id: uuid.UUID,
    start: str,
    to: str,
    at: datetime,
    *,
    by: str,
    staff_id: uuid.UUID | None,
    message: uuid.UUID | None,
) -> dict[str, str]:
    """What a move does to the plans. Returns the plans it changed with the status they had, for undoing."""
    if to == start:
        return {}
    plan = await open_plan(session, client_id)
    if to == rules.PLAN_DRAFTED and plan is not None:
        before = {str(plan.id): plan.status}
        plan.status, plan.offered_at = "offered", at
    elif to == rules.PLAN_APPROVED and plan is not None:
        held = await approved(session, client_id)
        before = {str(plan.id): plan.status} | ({str(held.id): held.status} if held else {})
        if held is not None:
            held.status = "replaced"
        plan.status, plan.approved_at, plan.approved_by, plan.message_id = "approved", at, by, message
    elif to == rules.ASSESSED and plan is not None and plan.status == "offered":
        before = {str(plan.id): plan.status}
        plan.status = "draft"
    elif to == rules.ASSESSED and start == rules.MONITORING and plan is None:
        before = {}
        await _copy(session, client_id, staff_id)
    else:
        return {}
    await session.flush()
    return before


async def restore(session: AsyncSession, before: dict[str, str]) -> None:
    # First what is open no longer: two open plans of a client are refused by the database.
    for plan_id, status in sorted(before.items(), key=lambda each: each[1] in OPEN):
        plan = await session.get_one(Plan, uuid.UUID(plan_id), populate_existing=True)
        plan.status = status
        if status in OPEN:
            plan.approved_at = plan.approved_by = None
        await session.flush()


async def _draft(session: AsyncSession, client_id: uuid.UUID, stage: str, staff_id: uuid.UUID) -> Plan:
    plan = await open_plan(session, client_id)
    if plan is not None and plan.status == "draft":
        return plan
    if plan is not None or stage not in WRITTEN_IN:
        raise NotAllowed("plan_not_draft")
    return await _new(session, client_id, staff_id)


async def _new(session: AsyncSession, client_id: uuid.UUID, staff_id: uuid.UUID | None) -> Plan:
    number = await session.scalar(select(func.coalesce(func.max(Plan.number), 0)).where(Plan.client_id == client_id))
    plan = Plan(id=new_id(), client_id=client_id, number=(number or 0) + 1, status="draft", staff_id=staff_id)
    session.add(plan)
    await session.flush()
    return plan


async def _copy(session: AsyncSession, client_id: uuid.UUID, staff_id: uuid.UUID | None) -> None:
    """A new draft from the plan that holds: goals that are not reached go on."""
    held = await approved(session, client_id)
    plan = await _new(session, client_id, staff_id)
    if held is None:
        return
    for line in (await whole(session, held)).goals:
        if line.goal.status != "open":
            continue
        goal = Goal(
            id=new_id(),
            client_id=client_id,
            plan_id=plan.id,
            text=line.goal.text,
            measure=line.goal.measure,
            target_on=line.goal.target_on,
            status="open",
            created_at=line.goal.created_at,
        )
        session.add(goal)
        await session.flush()
        session.add_all(
            Service(
                id=new_id(),
                client_id=client_id,
                goal_id=goal.id,
                what=each.what,
                who=each.who,
                created_at=each.created_at,
            )
            for each in line.services
        )


async def _goal(session: AsyncSession, goal_id: uuid.UUID) -> Goal:
    goal = await session.get(Goal, goal_id, with_for_update=True, populate_existing=True)
    if goal is None:
        raise NotFound("no such goal")
    return goal


async def _of_draft(session: AsyncSession, goal_id: uuid.UUID) -> Goal:
    goal = await _goal(session, goal_id)
    plan = await session.get_one(Plan, goal.plan_id, with_for_update=True, populate_existing=True)
    if plan.status != "draft":
        raise NotAllowed("plan_not_draft")
    return goal


def _write(goal: Goal, text: str, measure: str, target_on: date | None, today: date) -> None:
    if target_on is not None and not today <= target_on <= today + rules.FURTHEST:
        raise NotAllowed("bad_date")
    goal.text, goal.measure, goal.target_on = _fits(text), _fits(measure, empty=True) or None, target_on


def _fits(text: str, *, empty: bool = False) -> str:
    text = " ".join(text.split())
    if not text and not empty:
        raise NotAllowed("empty")
    if len(text) > LONGEST:
        raise NotAllowed("too_long_note")
    return text
