"""What is to be done for a client until when. Days are days of the agency's calendar."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs, office
from casework.errors import NotFound
from casework.road import rules
from casework.road.rules import FURTHEST, Given, NotAllowed
from casework.road.tables import Task
from casework.storage import new_id

KINDS = ("assessment", "check_in", "reassessment", "plan_change", "other")
AGAIN = {"check_in": rules.CHECK_IN_AFTER, "reassessment": rules.REASSESS_AFTER}  # done once, due again
LONGEST_NOTE = 300
_LAST_ZONE = "America/Los_Angeles"  # nothing is overdue before its day has ended everywhere on the mainland
_MORNING = time(9)
_SHOWN = 60  # of one client at once


def zone() -> str:
    """Whose days count: the agency's, where its hours are set."""
    hours = office.current()
    return hours.zone if hours else _LAST_ZONE


def today(at: datetime) -> date:
    return at.astimezone(ZoneInfo(zone())).date()


def morning_of(day: date) -> datetime:
    """When staff are reminded of what is due on a day."""
    return datetime.combine(day, _MORNING, ZoneInfo(zone())).astimezone(UTC)


async def open_one(
    session: AsyncSession, client_id: uuid.UUID, kind: str, due_on: date, *, note: str | None = None
) -> uuid.UUID | None:
    """A new task with its reminder; None where one of this kind is open already (of `other` there may be many)."""
    made = await session.scalar(
        insert(Task)
        .values(id=new_id(), client_id=client_id, kind=kind, due_on=due_on, note=note, status="open")
        .on_conflict_do_nothing()
        .returning(Task.id)
    )
    if made is not None:
        await jobs.defer(session, "remind_task", at=morning_of(due_on), task_id=made)
    return made


async def settle(
    session: AsyncSession,
    client_id: uuid.UUID,
    kind: str | None,
    at: datetime,
    *,
    status: str,
    staff_id: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Ends the client's open tasks of this kind (None: all); their ids."""
    wanted = update(Task).where(Task.client_id == client_id, Task.status == "open")
    if kind is not None:
        wanted = wanted.where(Task.kind == kind)
    rows = await session.scalars(wanted.values(status=status, done_at=at, done_by=staff_id).returning(Task.id))
    return list(rows)


async def follow(
    session: AsyncSession,
    client_id: uuid.UUID,
    start: str,
    to: str,
    given: Given,
    at: datetime,
    *,
    staff_id: uuid.UUID | None,
) -> dict[str, list[str]]:
    """What a move does to the tasks: `opened` and `ended`, for undoing."""
    opened: list[uuid.UUID | None] = []
    ended: list[uuid.UUID] = []
    if to == start:
        return {"opened": [], "ended": []}
    if to == rules.ASSESSED:
        for kind in ("assessment", "reassessment" if start == rules.MONITORING else "assessment"):
            ended += await settle(session, client_id, kind, at, status="done", staff_id=staff_id)
    elif to == rules.PLAN_DRAFTED:
        ended += await settle(session, client_id, "plan_change", at, status="done", staff_id=staff_id)
    elif to == rules.MONITORING:
        for kind, day in (("check_in", given.check_in_on), ("reassessment", given.reassess_on)):
            if day is not None:
                ended += await settle(session, client_id, kind, at, status="dropped")
                opened.append(await open_one(session, client_id, kind, day))
    elif to == rules.CLOSED:
        ended += await settle(session, client_id, None, at, status="dropped", staff_id=staff_id)
    return {"opened": [str(each) for each in opened if each], "ended": [str(each) for each in ended]}


async def restore(session: AsyncSession, changed: dict[str, list[str]]) -> None:
    """Takes back what a move did: what it opened is dropped, what it ended is open again."""
    for status, names in (("dropped", changed["opened"]), ("open", changed["ended"])):
        ids = [uuid.UUID(each) for each in names]
        if ids:
            await session.execute(
                update(Task).where(Task.id.in_(ids)).values(status=status, done_at=None, done_by=None)
            )


async def add(session: AsyncSession, client_id: uuid.UUID, note: str, due_on: date, at: datetime) -> uuid.UUID:
    """A task in staff's own words. Raises NotAllowed: empty, too_long, bad_date."""
    note = note.strip()
    if not note:
        raise NotAllowed("empty")
    if len(note) > LONGEST_NOTE:
        raise NotAllowed("too_long_note")
    if not today(at) <= due_on <= today(at) + FURTHEST:
        raise NotAllowed("bad_date")
    made = await open_one(session, client_id, "other", due_on, note=note)
    assert made is not None
    return made


async def finish(
    session: AsyncSession, task: Task, at: datetime, *, staff_id: uuid.UUID, next_on: date | None = None
) -> date | None:
    """The task is done. Check-ins and reassessments come again: on `next_on`, else after their usual time.

    Returns the next one's day. Raises NotAllowed (bad_date).
    """
    if task.status != "open":
        return None
    usual = AGAIN.get(task.kind)
    if usual is not None:
        next_on = next_on or today(at) + usual
        if not today(at) < next_on <= today(at) + FURTHEST:
            raise NotAllowed("bad_date")
    task.status, task.done_at, task.done_by = "done", at, staff_id
    await session.flush()
    if usual is None or next_on is None:
        return None
    await open_one(session, task.client_id, task.kind, next_on)
    return next_on


async def reopen(session: AsyncSession, task: Task) -> None:
    """Takes "done" back; the one that was opened in its place goes."""
    if task.status != "done":
        return
    if task.kind != "other":
        await session.execute(
            update(Task)
            .where(Task.client_id == task.client_id, Task.kind == task.kind, Task.status == "open")
            .values(status="dropped")
        )
    task.status, task.done_at, task.done_by = "open", None, None
    await session.flush()


async def by_id(session: AsyncSession, task_id: uuid.UUID) -> Task:
    """The task, its row locked. Raises NotFound."""
    found = await session.get(Task, task_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("no such task")
    return found


async def of_client(session: AsyncSession, client_id: uuid.UUID) -> list[Task]:
    """The open ones by their day, then the last that were done."""
    rows = (
        await session.scalars(
            select(Task)
            .where(Task.client_id == client_id, Task.status.in_(("open", "done")))
            .order_by((Task.status == "done"), Task.done_at.desc(), Task.due_on, Task.created_at)
            .limit(_SHOWN)
        )
    ).all()
    return [*(each for each in rows if each.status == "open"), *[each for each in rows if each.status == "done"][:3]]


async def due(session: AsyncSession, client_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Task]]:
    """The open tasks of these clients, by client."""
    rows = await session.scalars(
        select(Task).where(Task.client_id.in_(client_ids), Task.status == "open").order_by(Task.due_on)
    )
    found: dict[uuid.UUID, list[Task]] = {}
    for task in rows:
        found.setdefault(task.client_id, []).append(task)
    return found


async def overdue_count(session: AsyncSession, at: datetime) -> int:
    """Clients with something overdue."""
    return (
        await session.scalar(
            select(func.count(func.distinct(Task.client_id))).where(Task.status == "open", Task.due_on < today(at))
        )
        or 0
    )
