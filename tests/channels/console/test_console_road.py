"""The road after the screening: what staff move, what the client hears of it and answers, what is due."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from console_people import a_handoff, somebody_asking, somebody_booked
from road_steps import NIGHT, NOON, TODAY, case_of, in_monitoring, press, said_to, step, tell_all, texts, with_a_plan
from sqlalchemy import select, update

from casework import road
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import Answer, Client, Conversation
from casework.handoff import calling
from casework.road.tables import Case, Move, Plan, Task
from casework.scheduling import booking
from casework.scheduling.tables import Appointment
from casework.staff.tables import AuditEvent, Staff
from casework.storage import Database

pytestmark = pytest.mark.anyio


async def test_the_whole_road_to_monitoring_with_what_the_client_hears(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in(role="supervisor")
    assert (await case_of(database, ana)).stage == "intake_booked"
    await with_a_plan(dana, database, ana)
    await tell_all(database)
    offered = (await said_to(database, ana))[-1]
    assert "You decide if it fits" in offered
    assert not re.search("health|apartment|plan|case", offered)  # the phone may be shared
    await texts(database, ana, "1")
    shown = (await said_to(database, ana))[-2:]
    assert "Keep my apartment. It worked when: Rent is paid on time" in shown[0]
    assert "Help: Rent help form (Dana)." in shown[0]
    await texts(database, ana, "I agree")
    assert (await case_of(database, ana)).stage == "plan_approved"
    assert "Your yes is noted" in (await said_to(database, ana))[-1]
    page = (await dana.get(f"/console/people/{ana}")).text
    assert "in this message" in page
    assert "The client" in page

    async with database.session() as session:
        eli = Staff(email="eli@agency.example", name="Eli Noor", role="case_manager", password_hash="-")
        session.add(eli)
    await step(dana, ana, "plan_approved", "assigned", case_manager=eli.id)
    soon, later = TODAY + timedelta(14), TODAY + timedelta(180)
    page = await step(dana, ana, "assigned", "monitoring", check_in_on=soon, reassess_on=later)
    assert "Monitoring has begun" in page
    assert "case manager: <strong>Eli Noor</strong>" in page
    await tell_all(database)
    assert "Eli Noor checks in with you around" in (await said_to(database, ana))[-1]
    await texts(database, ana, "STATUS")
    assert "Eli Noor is your case manager" in (await said_to(database, ana))[-1]
    async with database.session() as session:
        due = {task.kind: task.due_on for task in await session.scalars(select(Task).where(Task.status == "open"))}
        audited = set(await session.scalars(select(AuditEvent.action).where(AuditEvent.client_id == ana)))
    assert due == {"check_in": soon, "reassessment": later}
    assert {"road.assessed", "plan.goal_added", "plan.service_added", "road.plan_drafted", "road.monitoring"} <= audited


async def test_a_step_can_be_undone_and_is_not_told_then(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    await press(dana, f"/people/{ana}/claim")
    page = await step(dana, ana, "intake_booked", "assessed")
    undo = re.search(r'action="/console(/moves/[^"]+/undo)"', page)
    assert undo
    assert "Taken back" in await press(dana, undo[1], client=ana)
    assert (await case_of(database, ana)).stage == "intake_booked"
    await tell_all(database)
    assert await said_to(database, ana) == []

    await with_a_plan(dana, database, ana)
    await tell_all(database)
    async with database.session() as session:
        move = (await session.scalars(select(Move).order_by(Move.at.desc()).limit(1))).one()
    await press(dana, f"/moves/{move.id}/undo", client=ana)
    await tell_all(database)
    assert "a slip of ours, sorry. Text STATUS" in (await said_to(database, ana))[-1]
    async with database.session() as session:
        assert (await session.scalars(select(Plan.status))).all() == ["draft"]


async def test_a_plan_that_was_never_before_the_client_is_not_told_to_be_changing(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    await with_a_plan(dana, database, ana)
    await step(dana, ana, "plan_drafted", "assessed")
    await tell_all(database)
    assert await said_to(database, ana) == []
    await step(dana, ana, "assessed", "plan_drafted")
    await tell_all(database)
    await step(dana, ana, "plan_drafted", "assessed")
    await tell_all(database)
    assert "is being changed" in (await said_to(database, ana))[-1]


@pytest.mark.parametrize(
    ("stage", "word", "told"),
    [
        ("screening", "ESTADO", "Su resumen está con el equipo"),
        ("screening, not to be passed on", "STATUS", "Nothing is passed on, as you asked"),
        ("intake_booked", "ESTADO", "Tiene cita"),
        ("monitoring", "STATUS", "The next check-in is soon"),  # it is overdue
        ("closed", "STATUS", "text PERSON"),
    ],
)
async def test_the_word_for_where_things_stand_works_at_every_stage(  # type: ignore[no-untyped-def]
    database: Database, sign_in, stage: str, word: str, told: str
) -> None:
    await sign_in()
    async with database.session() as session:
        ana = await somebody_booked(session)
        await session.execute(update(Client).values(language="es" if word == "ESTADO" else "en"))
    if stage == "monitoring":
        await in_monitoring(database, ana, "dana@agency.example")
    async with database.session() as session:
        if stage != "intake_booked":
            await session.execute(update(Appointment).values(status="cancelled"))
        if "passed on" in stage:
            await session.execute(update(Answer).where(Answer.fact == "sharing").values(value=False))
        await session.execute(update(Case).values(stage=stage.partition(",")[0]))
        await session.execute(update(Task).values(due_on=TODAY - timedelta(3)))
    await texts(database, ana, word)
    assert told in (await said_to(database, ana))[-1]


async def test_of_two_who_move_a_case_at_once_one_learns_that_it_has_moved(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana, eli = await sign_in(role="supervisor"), await sign_in("eli@agency.example", "Eli Noor", role="supervisor")
    assert "Recorded. The client will be told" in await step(dana, ana, "intake_booked", "assessed")
    assert "has moved meanwhile" in await step(eli, ana, "intake_booked", "assessed")
    kim = await sign_in("kim@agency.example", "Kim Sol")
    await press(dana, f"/people/{ana}/claim")
    assert "A colleague has this client" in await step(kim, ana, "assessed", "closed", reason="other")


async def test_nothing_is_told_at_night(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    await step(await sign_in(), ana, "intake_booked", "assessed")
    await tell_all(database, NIGHT)
    assert await said_to(database, ana) == []
    await tell_all(database)
    assert "thank you for the talk" in (await said_to(database, ana))[0]


async def test_an_agreement_counts_while_a_person_has_the_conversation_and_a_wish_goes_to_people(  # type: ignore[no-untyped-def]
    database: Database, sign_in
) -> None:
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    await with_a_plan(dana, database, ana)
    await tell_all(database)
    await press(dana, f"/people/{ana}/take-over")
    await texts(database, ana, "i do not agree")  # no whole answer: for the person who has the conversation
    assert (await case_of(database, ana)).stage == "plan_drafted"
    await texts(database, ana, "estoy de acuerdo")
    assert (await case_of(database, ana)).stage == "plan_approved"

    async with database.session() as session:
        ben = await somebody_booked(session, name="Ben Okafor", phone="+16125550145", seat=1)
        await session.execute(update(Case).where(Case.client_id == ben).values(stage="plan_drafted"))
        session.add(Plan(client_id=ben, number=1, status="offered"))
    async with database.session() as session:
        row = (await session.execute(select(Client, Conversation).join(Conversation).where(Client.id == ben))).one()
        await receive(
            session, row[0], row[1], Inbound("Change something", payload='/intake_status{"answer": "plan_change"}')
        )
    assert (await case_of(database, ben)).stage == "assessed"
    page = (await dana.get("/console")).text
    assert "Wants the plan changed" in page
    assert "What would you change" in (await said_to(database, ben))[-1]
    await texts(database, ben, "less often please")
    assert "A person will answer you here" in (await said_to(database, ben))[-1]


async def test_the_stage_follows_the_appointments_by_itself(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        appointment = (await session.scalars(select(Appointment))).one()
        await booking.cancel(session, appointment.id, by="client", at=NOON)
    assert (await case_of(database, ana)).stage == "screening"
    async with database.session() as session:
        begun = datetime.now(UTC) - timedelta(hours=2)
        await session.execute(
            update(Appointment).values(
                status="booked",
                starts_at=begun,
                ends_at=begun + timedelta(minutes=45),
                busy_until=begun + timedelta(minutes=45),
            )
        )
    dana = await sign_in()
    await press(dana, f"/appointments/{appointment.id}/attended")
    assert (await case_of(database, ana)).stage == "intake_booked"
    assert "Record the assessment" in (await dana.get("/console/board")).text


async def asks_for_a_person(database: Database, client_id: uuid.UUID, reason: str = "person_asked") -> None:
    async with database.session() as session:
        row = (
            await session.execute(select(Client, Conversation).join(Conversation).where(Client.id == client_id))
        ).one()
        await a_handoff(session, row[0], row[1], reason=reason, urgency=2, minutes=0)


async def test_a_client_whose_case_was_closed_comes_back_by_asking_for_a_person_or_booking(  # type: ignore[no-untyped-def]
    database: Database, sign_in
) -> None:
    async with database.session() as session:
        ana = await somebody_booked(session)
        begun = datetime.now(UTC) - timedelta(hours=2)
        ended = begun + timedelta(minutes=45)
        await session.execute(
            update(Appointment).values(status="attended", starts_at=begun, ends_at=ended, busy_until=ended)
        )
    dana = await sign_in()
    await step(dana, ana, "intake_booked", "closed", reason="declined")
    await texts(database, ana, "STATUS")
    assert "To come back, text PERSON" in (await said_to(database, ana))[-1]
    await asks_for_a_person(database, ana, "complaint")
    assert (await case_of(database, ana)).stage == "closed", "a complaint is no coming back"
    await asks_for_a_person(database, ana)
    assert (await case_of(database, ana)).stage == "screening", "the intake of before is over"
    assert "Ana Reyes" in (await dana.get("/console/board")).text
    page = (await dana.get(f"/console/people/{ana}")).text
    assert re.search("Closed → Screening .{0,40}The client", page)

    await step(dana, ana, "screening", "closed", reason="lost_contact")
    async with database.session() as session:
        old = (await session.scalars(select(Appointment))).one()
        ahead = datetime.now(UTC) + timedelta(days=3)
        new = Appointment(
            id=uuid.uuid4(), client_id=ana, program_id=old.program_id, calendar_id=old.calendar_id, seat=0,
            kind="phone", status="booked", starts_at=ahead, ends_at=ahead + timedelta(minutes=45),
            busy_until=ahead + timedelta(minutes=45),
        )  # fmt: skip
        session.add(new)
        await session.flush()
        await road.follow(session, ana, datetime.now(UTC))  # as every booking does
    assert (await case_of(database, ana)).stage == "intake_booked"
    async with database.session() as session:
        await session.execute(
            update(Appointment)
            .where(Appointment.id == new.id)
            .values(starts_at=datetime.now(UTC) - timedelta(seconds=1))
        )
        await booking.mark(session, new.id, "attended", at=datetime.now(UTC))
    assert "Record the assessment" in (await dana.get("/console/board")).text


async def test_an_intake_that_was_booked_elsewhere_stays_booked_whatever_the_client_asks(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session, name="Rosa Vega")
        await session.execute(update(Client).values(language="en"))
    dana = await sign_in()
    await step(dana, rosa, "screening", "intake_booked")
    await asks_for_a_person(database, rosa)
    assert (await case_of(database, rosa)).stage == "intake_booked"
    for owner in ("person", "assistant"):
        async with database.session() as session:
            await session.execute(update(Conversation).values(owner=owner))
        await texts(database, rosa, "STATUS")
        assert "Your first talk is set" in (await said_to(database, rosa))[-1]
    assert "Undo" in (await dana.get(f"/console/people/{rosa}")).text


async def test_who_is_on_the_road_and_has_an_appointment_hears_of_it_first(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    await step(dana, ana, "intake_booked", "assessed")
    await texts(database, ana, "STATUS")
    told = (await said_to(database, ana))[-2:]
    assert "You are booked for" in told[0]
    assert "Your first talk is done" in told[1]


async def test_what_is_overdue_shows_on_the_board_and_reminds_who_has_the_client(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        await somebody_asking(session)
    dana = await sign_in()
    await press(dana, f"/people/{ana}/claim")
    await press(dana, f"/people/{ana}/tasks", note="Call the landlord", due_on=TODAY + timedelta(1))
    async with database.session() as session:
        task = (await session.scalars(select(Task))).one()
        task.due_on = TODAY - timedelta(4)
        await session.execute(update(Staff).values(reach=["https://pager.example/dana"]))
    board = (await dana.get("/console/board?view=overdue")).text
    assert "Ana Reyes" in board
    assert "Overdue since" in board
    assert "Call the landlord" in board
    assert "Rosa Vega" not in board
    assert "Rosa Vega" in (await dana.get("/console/board")).text

    sent: list[tuple[str, str]] = []

    class Pager:
        async def send(self, target: str, text: str) -> None:
            sent.append((target, text))

    for _ in range(2):
        await calling.remind_task(database, Pager(), task.id, at=NOON)
    assert len(sent) == 1, "once"
    assert sent[0][0] == "https://pager.example/dana"
    assert not re.search("Ana|Reyes|landlord|555", sent[0][1])
    assert "Done." in await press(dana, f"/tasks/{task.id}/done", client=ana)
    assert "Ana Reyes" not in (await dana.get("/console/board?view=overdue")).text
