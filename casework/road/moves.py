"""Moving a case along, by staff, by the client's approval, or by the appointments; and taking a move back.

A move is made under the case's row lock and names the stage it starts from: of two people who move the same case at
once, the second learns that it has moved. What a move changed besides the stage is written down with it (`before`), so
that undoing brings back exactly that. The client is told a little later (`UNDO_SECONDS`), unless it was undone by then.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.errors import NotFound
from casework.road import plans, progress, rules, tasks
from casework.road.rules import Given, NotAllowed
from casework.road.tables import Case, Move
from casework.scheduling.quiet import next_waking
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.staff import accounts
from casework.storage import new_id, notify

STAFF, CLIENT, SERVICE = "staff", "client", "service"
_THEN = timedelta(microseconds=1)  # of two moves at once, which was the first


async def set_out(session: AsyncSession, client_id: uuid.UUID, at: datetime, *, comes: bool = False) -> None:
    """People know of this client: the case begins, at the stage that the appointments say. Once; and again where it was
    closed and the client comes back by themselves (`comes`).
    """
    await session.execute(
        insert(Case)
        .values(client_id=client_id, stage=rules.SCREENING, since=at)
        .on_conflict_do_nothing(index_elements=["client_id"])
    )
    case = await locked(session, client_id)
    if comes and case is not None and case.stage == rules.CLOSED:
        await move(session, case, rules.SCREENING, at, by=CLIENT)
    await follow(session, client_id, at + _THEN)


async def follow(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> None:
    """Lets the stage follow the client's appointments, where that is the service's to know. Without a case, nothing.

    A case that was closed begins again with an appointment that was booked since.
    """
    case = await locked(session, client_id)
    if case is not None and case.stage == rules.CLOSED and await _booked_since(session, case):
        await move(session, case, rules.SCREENING, at, by=SERVICE)
        at += _THEN
    if case is None or case.stage not in (rules.SCREENING, rules.INTAKE_BOOKED):
        return
    states = await _appointments(session, client_id)
    booked = bool(states) or await progress.booked_elsewhere(session, case)
    to = rules.by_itself(case.stage, booked=booked)
    if to is not None:
        await move(session, case, to, at, by=SERVICE)
    if "attended" in states:
        await tasks.open_one(session, client_id, "assessment", tasks.today(at) + rules.ASSESS_WITHIN)
    else:
        await tasks.settle(session, client_id, "assessment", at, status="dropped")


async def _booked_since(session: AsyncSession, case: Case) -> bool:
    booked = select(Appointment.id).where(
        Appointment.client_id == case.client_id, Appointment.status == "booked", Appointment.created_at > case.since
    )
    return await session.scalar(booked.limit(1)) is not None


async def _appointments(session: AsyncSession, client_id: uuid.UUID) -> set[str]:
    """Which of booked and attended there is, since the case began, or began again."""
    begun = select(func.max(Move.at)).where(
        Move.client_id == client_id, Move.from_stage == rules.CLOSED, Move.undone_at.is_(None)
    )
    wanted = select(Appointment.status).where(
        Appointment.client_id == client_id, Appointment.status.in_(("booked", "attended"))
    )
    since = await session.scalar(begun)
    if since is not None:
        wanted = wanted.where(Appointment.ends_at > since)
    return set(await session.scalars(wanted))


async def locked(session: AsyncSession, client_id: uuid.UUID) -> Case | None:
    found: Case | None = await session.scalar(
        select(Case).where(Case.client_id == client_id).with_for_update().execution_options(populate_existing=True)
    )
    return found


async def change(
    session: AsyncSession,
    client_id: uuid.UUID,
    start: str,
    to: str,
    given: Given,
    at: datetime,
    *,
    staff_id: uuid.UUID | None,
    message_id: uuid.UUID | None = None,
) -> Move:
    """Moves the case from `start` to `to`. By staff, or (without `staff_id`) by the client.

    Raises NotAllowed (also `moved_meanwhile`), NotFound.
    """
    case = await locked(session, client_id)
    if case is None:
        raise NotFound("no such case")
    if case.stage != start:
        raise NotAllowed("moved_meanwhile")
    rules.check(start, to, await plans.known(session, client_id), given, tasks.today(at))
    by = STAFF if staff_id else CLIENT
    return await move(session, case, to, at, by=by, staff_id=staff_id, given=given, message_id=message_id)


async def hand_on(
    session: AsyncSession,
    client_id: uuid.UUID,
    stage: str,
    case_manager: uuid.UUID,
    at: datetime,
    *,
    staff_id: uuid.UUID,
) -> Move:
    """Names another case manager; the case stays at its `stage`, and the client is told who it is now.

    Raises NotAllowed (no_such_step, needs_case_manager, moved_meanwhile), NotFound.
    """
    case = await locked(session, client_id)
    if case is None:
        raise NotFound("no such case")
    if case.stage != stage:
        raise NotAllowed("moved_meanwhile")
    if not rules.may_change_hands(stage, named=case.case_manager_id is not None):
        raise NotAllowed("no_such_step")
    if case.case_manager_id == case_manager:
        raise NotAllowed("needs_case_manager")
    given = Given(case_manager=case_manager)
    return await move(session, case, stage, at, by=STAFF, staff_id=staff_id, given=given)


async def move(
    session: AsyncSession,
    case: Case,
    to: str,
    at: datetime,
    *,
    by: str,
    staff_id: uuid.UUID | None = None,
    given: Given | None = None,
    message_id: uuid.UUID | None = None,
) -> Move:
    """The step itself, its effects on plan and tasks, and the job that tells the client. The case's row is locked.

    To the stage where the case is: another case manager, and nothing else.
    """
    given = given or Given()
    before: dict[str, Any] = {
        "since": case.since.isoformat(),
        "case_manager_id": str(case.case_manager_id) if case.case_manager_id else None,
        "reassess_on": case.reassess_on.isoformat() if case.reassess_on else None,
        "ended": case.ended,
        "plans": await plans.follow(
            session, case.client_id, case.stage, to, at, by=by, staff_id=staff_id, message=message_id
        ),
        "tasks": await tasks.follow(session, case.client_id, case.stage, to, given, at, staff_id=staff_id),
    }
    made = Move(
        id=new_id(),
        client_id=case.client_id,
        from_stage=case.stage,
        to_stage=to,
        by=by,
        staff_id=staff_id,
        before=before,
        at=at,
    )
    session.add(made)
    if to in (rules.ASSIGNED, case.stage) and given.case_manager is not None:
        case.case_manager_id = given.case_manager
    if to != case.stage:
        if case.stage == rules.CLOSED:
            case.case_manager_id = None  # whoever takes the client this time is not kept from it
        case.stage, case.since = to, at
        case.ended = given.reason if to == rules.CLOSED else None
        if to == rules.MONITORING:
            case.reassess_on = given.reassess_on
    await session.flush()
    if progress.is_told(made):
        await _tell_later(session, made, at + timedelta(seconds=get_settings().undo_seconds))
    await notify(session, kind="road", client=case.client_id)
    return made


async def undo(session: AsyncSession, move_id: uuid.UUID, at: datetime, *, staff_id: uuid.UUID) -> Move:
    """Takes the case's last move back, where staff made it. A client who was told already is told of it.

    Raises NotAllowed: not_the_last, not_staffs. NotFound.
    """
    client_id = await session.scalar(select(Move.client_id).where(Move.id == move_id))
    case = await locked(session, client_id) if client_id else None
    if case is None:
        raise NotFound("no such move")
    made = await session.get_one(Move, move_id, populate_existing=True)
    if made.undone_at is not None:
        return made
    latest = await progress.last(session, case.client_id)
    if latest is None or latest.id != move_id or case.stage != made.to_stage:
        raise NotAllowed("not_the_last")
    if made.by != STAFF:
        raise NotAllowed("not_staffs")
    before = made.before
    await plans.restore(session, before["plans"])
    await tasks.restore(session, before["tasks"])
    case.stage, case.since = made.from_stage, datetime.fromisoformat(before["since"])
    named = uuid.UUID(before["case_manager_id"]) if before["case_manager_id"] else None
    case.case_manager_id = named if await accounts.at_work(session, named) else None
    case.reassess_on = date.fromisoformat(before["reassess_on"]) if before["reassess_on"] else None
    case.ended = before["ended"]
    made.undone_at, made.undone_by = at, staff_id
    await session.flush()
    if made.told_at is not None:
        await _tell_later(session, made, at)
    await notify(session, kind="road", client=case.client_id)
    return made


async def _tell_later(session: AsyncSession, made: Move, at: datetime) -> None:
    waking = next_waking(at, await progress.zone_of(session, made.client_id))
    await jobs.defer(session, "tell_progress", at=waking, move_id=made.id)
