"""Calling staff by e-mail, SMS or webhook: somebody waits in the queue, or a task is due. Never who, never what.

While nobody claims a client, the next one is called after CLAIM_MINUTES: first those who speak the client's language
and know about what they need, who have the fewest clients; then the supervisors; then the calls end and the queue shows
it. Outside office hours nobody is called for what can wait until the office opens. In a crisis the alarm's own pages
(`casework.safety.alarms`) call people; this does not.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs, office
from casework.conversations.tables import Answer, Client
from casework.handoff.tables import Handoff, Need
from casework.road.tables import Case, Task
from casework.safety.alarms import Notifier
from casework.settings import Settings, get_settings
from casework.staff import accounts
from casework.staff.roles import leads
from casework.staff.tables import Staff
from casework.storage import Database, notify
from casework.wording import say

log = structlog.get_logger(__name__)
CRISIS = 3
MOST_CASE_MANAGERS = 3  # called one after the other, before a supervisor is


@dataclass(frozen=True)
class Colleague:
    """A member of staff as the order of calls sees them. `busy`: clients they have claimed."""

    id: uuid.UUID
    lead: bool
    languages: frozenset[str]
    skills: frozenset[str]
    busy: int = 0


def order(colleagues: Sequence[Colleague], language: str, wanted: frozenset[str]) -> list[uuid.UUID]:
    """Who is called, in turn: case managers by language, then skill, then the fewest clients; then the supervisors."""

    def fit(each: Colleague) -> tuple[bool, int, int, str]:
        return (language not in each.languages, -len(each.skills & wanted), each.busy, str(each.id))

    case_managers = sorted((each for each in colleagues if not each.lead), key=fit)[:MOST_CASE_MANAGERS]
    supervisors = sorted((each for each in colleagues if each.lead), key=fit)
    return [each.id for each in (*case_managers, *supervisors)]


async def begin(session: AsyncSession, handoff: Handoff, at: datetime) -> None:
    """Defers the first call: when the office opens, after the time in which staff see the queue by themselves."""
    if handoff.urgency >= CRISIS or handoff.status != "open":
        return
    hours = office.current()
    opens = (hours.next_open(at) if hours else None) or at
    wait = timedelta(minutes=get_settings().claim_minutes)
    await jobs.defer(session, "call_staff", at=opens + wait, handoff_id=handoff.id, step=handoff.call_step)


async def call(database: Database, notifier: Notifier, handoff_id: uuid.UUID, step: int, *, at: datetime) -> None:
    """The job `call_staff`: calls the next one, unless somebody has claimed the client, and defers the call after it.

    A call is sent before it is written down: a worker killed in between calls twice rather than never.
    """
    settings = get_settings()
    async with database.session() as session:
        handoff = await session.get(Handoff, handoff_id)
        if handoff is None or handoff.status != "open" or handoff.call_step != step:
            return
        colleagues = await _colleagues(session)
        client = await session.get_one(Client, handoff.client_id)
        wanted = frozenset(await session.scalars(select(Need.need).where(Need.client_id == client.id)))
        veteran = await session.scalar(
            select(Answer.value).where(
                Answer.client_id == client.id, Answer.fact == "veteran", Answer.superseded_at.is_(None)
            )
        )
        in_turn = order(colleagues, client.language, wanted | (frozenset(["veterans"]) if veteran else frozenset()))
        called = {str(each["staff"]) for each in handoff.calls}
        person_id = next((each for each in in_turn if str(each) not in called), None)
        person = await session.get(Staff, person_id) if person_id else None
    if person is None:
        return  # everybody was called; the queue shows how long it waits
    text = say("utter_staff_waits", "en", agency=settings.agency_name, link=f"{settings.base_url}/console").text
    error = await _reach(notifier, person, text, settings)
    async with database.session() as session:
        handoff = await session.get(Handoff, handoff_id, with_for_update=True)
        if handoff is None or handoff.call_step != step:
            return
        entry = {"step": step, "staff": str(person.id), "at": at.isoformat(), "error": error}
        handoff.calls, handoff.call_step = [*handoff.calls, entry], step + 1
        if handoff.status == "open":
            wait = timedelta(0) if error else timedelta(minutes=settings.claim_minutes)
            await jobs.defer(session, "call_staff", at=at + wait, handoff_id=handoff.id, step=step + 1)
        await notify(session, kind="queue", handoff=handoff.id)


async def tell_colleague(database: Database, notifier: Notifier, staff_id: uuid.UUID) -> None:
    """The job `tell_colleague`: somebody was given a client and is to hear of it."""
    settings = get_settings()
    async with database.session() as session:
        person = await session.get(Staff, staff_id)
    if person is not None and person.active:
        link = f"{settings.base_url}/console?view=mine"
        await _reach(
            notifier, person, say("utter_staff_waits", "en", agency=settings.agency_name, link=link).text, settings
        )


async def remind_task(database: Database, notifier: Notifier, task_id: uuid.UUID, *, at: datetime) -> None:
    """The job `remind_task`: on the morning of its day, whoever has the client is told that something is due; where
    nobody has them, the supervisors are told that a client waits."""
    settings = get_settings()
    async with database.session() as session:
        task = await session.get(Task, task_id)
        if task is None or task.status != "open" or task.reminded_at is not None:
            return
        case = await session.get(Case, task.client_id)
        holder = await session.scalar(
            select(Handoff.claimed_by).where(Handoff.client_id == task.client_id, Handoff.status == "claimed")
        )
        person = await accounts.at_work(session, case.case_manager_id if case else None)
        person = person or await accounts.at_work(session, holder)
        told = [person] if person else [each for each in await _at_work(session) if leads(each.role)]
    response, view = ("utter_staff_task", "mine") if person else ("utter_staff_waits", "all")
    link = f"{settings.base_url}/console/board?view={view}"
    for each in told:
        await _reach(notifier, each, say(response, "en", agency=settings.agency_name, link=link).text, settings)
    async with database.session() as session:
        task = await session.get(Task, task_id, with_for_update=True)
        if task is not None:
            task.reminded_at = at
            await notify(session, kind="road", client=task.client_id)


def targets(person: Staff, settings: Settings) -> list[str]:
    """How a member of staff is reached; by e-mail where nothing is set and a mail server is."""
    if person.reach:
        return list(person.reach)
    return [f"email:{person.email}"] if "smtp_host" in settings.model_fields_set else []


async def _reach(notifier: Notifier, person: Staff, text: str, settings: Settings) -> str | None:
    """Tries each way until one works; what stood in the way, if none did."""
    error = "no way to reach them is set"
    for target in targets(person, settings):
        try:
            await notifier.send(target, text)
        except Exception as failure:  # noqa: BLE001 - whatever it was, the next way or person must be tried
            error = type(failure).__name__
            log.error("staff_not_reached", staff=str(person.id), kind=target.split(":", 1)[0], error=error)
        else:
            return None
    return error


async def _colleagues(session: AsyncSession) -> list[Colleague]:
    busy = dict(
        (
            await session.execute(
                select(Handoff.claimed_by, func.count()).where(Handoff.status == "claimed").group_by(Handoff.claimed_by)
            )
        )
        .tuples()
        .all()
    )
    return [
        Colleague(each.id, leads(each.role), frozenset(each.languages), frozenset(each.skills), busy.get(each.id, 0))
        for each in await _at_work(session)
    ]


async def _at_work(session: AsyncSession) -> Sequence[Staff]:
    return (await session.scalars(select(Staff).where(Staff.active))).all()
