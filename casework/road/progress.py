"""What the client is told of their way: at each step, and whenever they ask.

Nothing that leaves by itself says what it is about: phones are shared. What is in a plan is sent only to who asks to
see it. Nothing goes out in the client's quiet hours; a move that was taken back meanwhile is not told.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs, office
from casework.conversations import people
from casework.conversations.tables import SYSTEM, Client
from casework.delivery import outbox
from casework.directory.tables import Program
from casework.handoff.tables import Handoff
from casework.intake import answers, walk
from casework.moments import day as day_in_words
from casework.moments import moment, told_by
from casework.road import plans, rules, tasks
from casework.road.tables import Case, Move, Task
from casework.scheduling.quiet import is_quiet, next_waking
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.staff import accounts
from casework.staff.tables import Staff
from casework.wording import say

_USUAL_ZONE = "America/Chicago"  # of somebody of whom nothing is known: the middle of the mainland
_BY_CONSENT = ("booked", "referral")  # why somebody is in the queue who agreed to sharing, or did once
_NAMED, _BACK = "utter_road_assigned", "utter_road_plan_back"
# The response that tells a move, by (from, to) where the way matters, else by where it leads.
_TOLD = {
    rules.INTAKE_BOOKED: "utter_road_intake_booked",
    rules.ASSESSED: "utter_road_assessed",
    rules.PLAN_DRAFTED: "utter_road_plan_offered",
    rules.PLAN_APPROVED: "utter_road_plan_approved",
    rules.ASSIGNED: _NAMED,
    rules.MONITORING: "utter_road_monitoring",
    rules.CLOSED: "utter_road_closed",
    rules.SCREENING: "utter_road_again",
}
_TOLD_ON_THE_WAY = {
    (rules.PLAN_DRAFTED, rules.ASSESSED): _BACK,
    (rules.MONITORING, rules.ASSESSED): "utter_road_reassessed",
    **{(stage, stage): _NAMED for stage in rules.STAGES},  # another case manager, and nothing else
}
# What somebody who asks is told, by stage; screening and a booked intake have their own words.
_STATUS = {
    rules.ASSESSED: "utter_status_assessed",
    rules.PLAN_DRAFTED: "utter_status_plan_drafted",
    rules.PLAN_APPROVED: "utter_status_plan_approved",
    rules.ASSIGNED: "utter_status_assigned",
    rules.MONITORING: "utter_status_monitoring",
    rules.CLOSED: "utter_status_closed",
}


def is_told(move: Move) -> bool:
    """What staff did is told; the client's own deeds are answered at once, appointments have messages of their own."""
    return move.by == "staff"


async def last(session: AsyncSession, client_id: uuid.UUID) -> Move | None:
    """The newest move that stands."""
    found: Move | None = await session.scalar(
        select(Move).where(Move.client_id == client_id, Move.undone_at.is_(None)).order_by(Move.at.desc()).limit(1)
    )
    return found


async def booked_elsewhere(session: AsyncSession, case: Case) -> bool:
    """Whether it was staff who said that an intake is booked: of such a one the service knows no day."""
    latest = await last(session, case.client_id)
    return latest is not None and latest.by == "staff" and latest.to_stage == case.stage == rules.INTAKE_BOOKED


async def zone_of(session: AsyncSession, client_id: uuid.UUID) -> str:
    """By whose clock the client is not to be woken: their own, else their program's, else the office's."""
    zone = await session.scalar(select(Client.zone).where(Client.id == client_id))
    if zone is None:
        zone = await session.scalar(
            select(Program.zone)
            .join(Handoff, Handoff.program_id == Program.id)
            .where(Handoff.client_id == client_id)
            .order_by(Handoff.created_at.desc())
            .limit(1)
        )
    hours = office.current()
    return zone or (hours.zone if hours else _USUAL_ZONE)


async def tell(session: AsyncSession, move_id: uuid.UUID, *, at: datetime) -> None:
    """The job `tell_progress`: tells the client of the move, or that one they were told of was a mistake."""
    move = await session.get(Move, move_id, with_for_update=True, populate_existing=True)
    if move is None or not is_told(move) or (move.undone_at is not None) != (move.told_at is not None):
        return  # undone before it was told, or told already
    zone = await zone_of(session, move.client_id)
    if is_quiet(at, zone):
        await jobs.defer(session, "tell_progress", at=next_waking(at, zone), move_id=move.id)
        return
    who = await people.to_write_to(session, move.client_id)
    case = await session.get(Case, move.client_id)
    if who is None or case is None:
        return
    client, conversation = who
    manager = await accounts.at_work(session, case.case_manager_id)
    if move.undone_at is not None:
        response = "utter_road_undone"
    elif (latest := await last(session, move.client_id)) is not None and latest.id != move.id:
        return  # it has gone on since; that step has words of its own
    else:
        response = _TOLD_ON_THE_WAY.get((move.from_stage, move.to_stage)) or _TOLD[move.to_stage]
    if response == _NAMED and manager is None:
        return  # they have left; who comes after them is told
    if response == _BACK and not await _knows_of_the_plan(session, move):
        return  # it was never before them
    values = await _values(session, manager, client, at)
    wording = say(response, client.language, agency=get_settings().agency_name, **values)
    await outbox.put(
        session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices, in_reply_to=move.id,
        position=0 if move.undone_at is None else 1,
    )  # fmt: skip
    move.told_at = at if move.undone_at is None else None


async def status(session: AsyncSession, client: Client, at: datetime) -> list[tuple[str, list[dict[str, str]]]] | None:
    """Where the client stands, an appointment ahead first, each text with what they can choose. None before the intake,
    of which `before_intake` tells, but where it was booked elsewhere.
    """
    case = await session.get(Case, client.id)
    if case is None:
        return None
    booked = await _booked(session, client, at)
    manager = await accounts.at_work(session, case.case_manager_id)
    if manager is None and case.stage in rules.WITH_CASE_MANAGER:
        response: str | None = "utter_status_case_manager_changes"
    elif booked is None and await booked_elsewhere(session, case):
        response = "utter_status_intake_elsewhere"
    else:
        response = _STATUS.get(case.stage)
    if response is None:
        return None
    values = await _values(session, manager, client, at)
    wording = say(response, client.language, agency=get_settings().agency_name, **values)
    return [*([(booked, [])] if booked else []), (wording.text, list(wording.choices))]


async def before_intake(session: AsyncSession, client: Client, at: datetime) -> str:
    """Where a client stands who has not had their intake yet."""
    booked = await _booked(session, client, at)
    if booked is not None:
        return booked
    return say(await with_whom(session, client), client.language).text


async def with_whom(session: AsyncSession, client: Client) -> str:
    """The response that says who has the client's summary: nobody where they did not agree, or took it back."""
    newest = select(Handoff).where(Handoff.client_id == client.id).order_by(Handoff.created_at.desc()).limit(1)
    handed = await session.scalar(newest)
    if (await answers.current(session, client.id)).get(walk.SHARING) is False:
        return "utter_status_refused"
    if handed is None or (handed.shared_at is None and handed.reason in _BY_CONSENT):
        return "utter_status_not_shared"
    return "utter_status_claimed" if handed.claimed_at else "utter_status_waiting"


async def _booked(session: AsyncSession, client: Client, at: datetime) -> str | None:
    """The client's next appointment in words."""
    appointment = await session.scalar(
        select(Appointment)
        .where(Appointment.client_id == client.id, Appointment.status == "booked", Appointment.ends_at > at)
        .order_by(Appointment.starts_at)
        .limit(1)
    )
    if appointment is None:
        return None
    program = await session.get_one(Program, appointment.program_id)
    shown_in = told_by(appointment.kind, program.zone, client.zone)
    when = moment(appointment.starts_at, shown_in, client.language)
    return say("utter_status_booked", client.language, moment=when, program=program.organization).text


async def plan_in_words(session: AsyncSession, client: Client) -> str | None:
    """The plan that is offered, else the one that holds, as the client reads it; None where there is none."""
    plan = await plans.open_plan(session, client.id)
    if plan is None or plan.status != "offered":
        plan = await plans.approved(session, client.id)
    if plan is None:
        return None
    lines = []
    for number, line in enumerate((await plans.whole(session, plan)).goals, 1):
        words = [say("utter_plan_goal", client.language, number=number, goal=_ended(line.goal.text)).text]
        if line.goal.measure:
            words.append(say("utter_plan_measure", client.language, measure=_ended(line.goal.measure)).text)
        if line.goal.target_on:
            words.append(
                say("utter_plan_by", client.language, day=day_in_words(line.goal.target_on, client.language)).text
            )
        for service in line.services:
            response = "utter_plan_service_by" if service.who else "utter_plan_service"
            words.append(say(response, client.language, what=service.what.rstrip(". "), who=service.who or "").text)
        lines.append(" ".join(words))
    return "\n".join(lines)


async def _knows_of_the_plan(session: AsyncSession, back: Move) -> bool:
    """Whether the client was told of the plan that this move takes back."""
    offered = select(Move.told_at).where(
        Move.client_id == back.client_id,
        Move.to_stage == rules.PLAN_DRAFTED,
        Move.undone_at.is_(None),
        Move.at < back.at,
    )
    return await session.scalar(offered.order_by(Move.at.desc()).limit(1)) is not None


async def _values(session: AsyncSession, manager: Staff | None, client: Client, at: datetime) -> dict[str, str]:
    """What the responses may name: the case manager, when the next check-in is. One that is overdue is soon."""
    check_in: date | None = await session.scalar(
        select(func.min(Task.due_on)).where(
            Task.client_id == client.id, Task.status == "open", Task.kind.in_(("check_in", "reassessment"))
        )
    )
    return {
        "name": manager.name if manager else get_settings().agency_name,
        "when": say("utter_around", client.language, day=day_in_words(check_in, client.language)).text
        if check_in and check_in >= tasks.today(at)
        else say("utter_soon", client.language).text,
    }


def _ended(text: str) -> str:
    return text.rstrip(". ") + "."
