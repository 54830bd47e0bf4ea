"""The road after the screening: what staff move, what the client hears of it and answers, what is due."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from console_people import a_client, a_handoff, somebody_asking, somebody_booked
from sqlalchemy import select, text, update

from casework import road
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import OUT, Answer, Client, Conversation, Message
from casework.handoff import calling, presence
from casework.handoff.tables import Handoff, Need
from casework.road import progress
from casework.road.tables import Case, Goal, Move, Plan, Task
from casework.scheduling import booking
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.staff.tables import AuditEvent, Staff
from casework.storage import Database

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)  # in Chicago
TODAY = datetime.now(UTC).date()
NIGHT = datetime(2026, 11, 24, 6, tzinfo=UTC)


async def press(browser: httpx.AsyncClient, path: str, **form: Any) -> str:
    """Sends a form of the console; the page that comes of it."""
    answer = await browser.post(
        f"/console{path}",
        data={"csrf": browser.csrf, **form},  # type: ignore[attr-defined]
    )
    assert answer.status_code == 303, answer.text
    return (await browser.get(answer.headers["location"])).text


async def step(browser: httpx.AsyncClient, client_id: uuid.UUID, start: str, to: str, **form: Any) -> str:
    return await press(browser, f"/people/{client_id}/road", **{"from": start, "to": to, **form})


async def said_to(database: Database, client_id: uuid.UUID) -> list[str]:
    """What the service said to the client, the oldest first."""
    async with database.session() as session:
        rows = await session.scalars(
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.client_id == client_id, Message.direction == OUT, Message.author == "system")
            .order_by(Message.seq)
        )
        return [row.text for row in rows]


async def tell_all(database: Database, at: datetime = NOON) -> None:
    """Runs the jobs that tell clients of moves, as the worker would at `at`."""
    async with database.session() as session:
        moves = list(await session.scalars(select(Move.id).order_by(Move.at)))
    for move_id in moves:
        async with database.session() as session:
            await progress.tell(session, move_id, at=at)


async def texts(database: Database, client_id: uuid.UUID, text: str) -> None:
    async with database.session() as session:
        row = (
            await session.execute(
                select(Client, Conversation)
                .join(Conversation, Conversation.client_id == Client.id)
                .where(Client.id == client_id)
            )
        ).one()
        await receive(session, row[0], row[1], Inbound(text))


async def case_of(database: Database, client_id: uuid.UUID) -> Case:
    async with database.session() as session:
        return await session.get_one(Case, client_id)


async def with_a_plan(browser: httpx.AsyncClient, database: Database, client_id: uuid.UUID) -> None:
    """As far as the plan that the client has before them."""
    await step(browser, client_id, "intake_booked", "assessed")
    await press(
        browser,
        f"/people/{client_id}/goals",
        text="Keep my apartment",
        measure="Rent is paid on time three months in a row",
        target_on="2027-03-01",
    )
    async with database.session() as session:
        goal = (await session.scalars(select(Goal))).one()
    await press(browser, f"/goals/{goal.id}/services/add", client=client_id, what="Rent help form", who="Dana")
    await step(browser, client_id, "assessed", "plan_drafted")


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


async def in_monitoring(database: Database, client_id: uuid.UUID, case_manager: str) -> uuid.UUID:
    """Somebody with a case manager and nothing in the queue; returns the check-in that is due today."""
    async with database.session() as session:
        eli = (await session.scalars(select(Staff).where(Staff.email == case_manager))).one()
        await session.execute(
            update(Case).where(Case.client_id == client_id).values(stage="monitoring", case_manager_id=eli.id)
        )
        await session.execute(update(Handoff).values(status="closed", claimed_by=eli.id))
        task = Task(id=uuid.uuid4(), client_id=client_id, kind="check_in", due_on=TODAY, status="open")
        session.add(task)
    return task.id


async def called_for(database: Database) -> set[str]:
    """The handoffs for which staff are called."""
    async with database.session() as session:
        jobs = await session.scalars(text("select args ->> 'handoff_id' from procrastinate_jobs"))
        return {each for each in jobs if each}


async def test_who_has_a_case_manager_that_left_waits_for_another_and_hears_who_it_is(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        await session.execute(text("delete from procrastinate_jobs"))
    boss = await sign_in("alex@agency.example", "Alex", role="admin")
    await sign_in("eli@agency.example", "Eli Noor")
    kim = await sign_in("kim@agency.example", "Kim Sol")
    check_in = await in_monitoring(database, ana, "eli@agency.example")
    async with database.session() as session:
        ids = {each.name: each.id for each in await session.scalars(select(Staff))}
        await session.execute(update(Staff).values(reach=["https://pager.example/all"]))
    assert "A colleague has this client" in await press(kim, f"/people/{ana}/tasks", note="Call", due_on=TODAY)
    await press(boss, f"/admin/staff/{ids['Eli Noor']}/disable")

    assert "The case manager has left" in (await kim.get("/console")).text
    assert "No case manager" in (await kim.get("/console/board")).text
    async with database.session() as session:
        waits = (await session.scalars(select(Handoff).where(Handoff.status == "open"))).one()
    assert await called_for(database) == {str(waits.id)}
    await texts(database, ana, "STATUS")
    assert "You will have a new case manager" in (await said_to(database, ana))[-1]
    sent: list[str] = []

    class Pager:
        async def send(self, target: str, text: str) -> None:
            sent.append(text)

    await calling.remind_task(database, Pager(), check_in, at=NOON)
    assert len(sent) == 1, "a supervisor hears of a check-in that is nobody's"

    page = await press(kim, f"/people/{ana}/case-manager", **{"from": "monitoring", "to": ids["Kim Sol"]})
    assert "The client is told who it is now" in page
    assert "case manager: <strong>Kim Sol</strong>" in page
    await tell_all(database)
    assert "Kim Sol will work with you from now on" in (await said_to(database, ana))[-1]
    assert (await case_of(database, ana)).stage == "monitoring"
    async with database.session() as session:
        assert (await session.get_one(Handoff, waits.id)).claimed_by == ids["Kim Sol"]
        audited = set(await session.scalars(select(AuditEvent.action).where(AuditEvent.client_id == ana)))
    assert {"road.case_manager_left", "road.case_manager", "handoff.reassigned"} <= audited


async def test_another_case_manager_is_named_without_a_new_plan_and_can_be_taken_back(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    await sign_in("eli@agency.example", "Eli Noor")
    await in_monitoring(database, ana, "dana@agency.example")
    before = await case_of(database, ana)
    async with database.session() as session:
        ids = {each.name: each.id for each in await session.scalars(select(Staff))}
        session.add(Plan(client_id=ana, number=1, status="approved"))
    page = await press(dana, f"/people/{ana}/case-manager", **{"from": "monitoring", "to": ids["Eli Noor"]})
    undo = re.search(r'action="/console(/moves/[^"]+/undo)"', page)
    assert undo
    assert "A colleague has this client" in await press(dana, f"/people/{ana}/tasks", note="Call", due_on=TODAY)
    assert "Taken back" in await press(dana, undo[1], client=ana), "whose slip it was takes it back"
    after = await case_of(database, ana)
    assert (after.stage, after.since, after.case_manager_id) == ("monitoring", before.since, ids["Dana Ruiz"])
    await tell_all(database)
    assert await said_to(database, ana) == []
    async with database.session() as session:
        assert (await session.scalars(select(Plan.status))).all() == ["approved"]
        assert (await session.scalars(select(Task.status))).all() == ["open"]
    again = {"from": "assigned", "to": ids["Eli Noor"]}
    assert "has moved meanwhile" in await press(dana, f"/people/{ana}/case-manager", **again)


async def test_while_nobody_claims_the_next_one_is_called_then_the_supervisor(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    await sign_in("lee@agency.example", "Lee", role="supervisor")
    eli = await sign_in("eli@agency.example", "Eli Noor")
    await sign_in("ines@agency.example", "Ines Paz")
    async with database.session() as session:
        rosa = await somebody_asking(session)  # speaks Spanish
        for person in await session.scalars(select(Staff)):
            person.reach = [f"https://pager.example/{person.name.split()[0].lower()}"]
            person.languages = ["en", "es"] if person.name == "Ines Paz" else ["en"]
        handoff = (await session.scalars(select(Handoff))).one()
    called: list[str] = []

    class Pager:
        async def send(self, target: str, text: str) -> None:
            assert "Rosa" not in text
            called.append(target.rsplit("/", 1)[1])

    for number in range(5):
        await calling.call(database, Pager(), handoff.id, number, at=NOON)
    assert called == ["ines", "eli", "lee"]
    await press(eli, f"/people/{rosa}/claim")
    async with database.session() as session:
        await session.execute(update(Handoff).values(calls=[], call_step=9))
    await calling.call(database, Pager(), handoff.id, 9, at=NOON)
    assert called == ["ines", "eli", "lee"], "nobody is called for a client who was claimed"


async def test_the_client_is_told_who_is_there_who_comes_next_and_when_the_assistant_is_back(  # type: ignore[no-untyped-def]
    database: Database, sign_in
) -> None:
    async with database.session() as session:
        client, conversation = await a_client(session, "Sam Hill")
        await a_handoff(session, client, conversation, reason="booked", urgency=1, shared=True)
        handoff = (await session.scalars(select(Handoff))).one()
    dana = await sign_in()
    await sign_in("eli@agency.example", "Eli Noor")
    await press(dana, f"/people/{client.id}/claim")
    async with database.session() as session:
        await presence.tell_received(session, handoff.id, at=NOON)
    await press(dana, f"/people/{client.id}/take-over")
    await press(dana, f"/people/{client.id}/reply", key=uuid.uuid4(), text="Hi Sam")
    async with database.session() as session:
        eli = (await session.scalars(select(Staff).where(Staff.name == "Eli Noor"))).one()
    await press(dana, f"/people/{client.id}/reassign", to=eli.id)
    told = await said_to(database, client.id)
    assert "Dana Ruiz has your notes now" in told[0]
    assert "Dana Ruiz from" in told[1]
    assert "Eli Noor from" in told[2]
    assert len(told) == 3, "nobody is introduced twice"
    lee = await sign_in("lee@agency.example", "Lee", role="supervisor")
    await press(lee, f"/people/{client.id}/release")
    await press(lee, f"/people/{client.id}/take-over")
    await press(lee, f"/people/{client.id}/give-back")
    told = await said_to(database, client.id)
    assert "had to step away" in told[3]
    assert "automated assistant is back" in told[-1]


async def test_that_the_summary_was_received_is_told_in_the_clients_language_once_and_by_day(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client, conversation = await a_client(session, "Marta Ruiz", language="es")
        await a_handoff(session, client, conversation, reason="booked", urgency=1, shared=True)
        handoff = (await session.scalars(select(Handoff))).one()
    dana = await sign_in()
    await press(dana, f"/people/{client.id}/claim")
    for at in (NOON.replace(hour=9), NOON, NOON + timedelta(hours=1)):  # 9:00 UTC is night in Chicago
        async with database.session() as session:
            await presence.tell_received(session, handoff.id, at=at)
    told = await said_to(database, client.id)
    assert len(told) == 1
    assert "Dana Ruiz ya tiene sus notas" in told[0]
    page = (await dana.get(f"/console/people/{client.id}")).text
    assert "Told that staff have it" in page


async def test_staff_say_what_they_speak_know_and_how_they_are_called(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    async with database.session() as session:
        await somebody_asking(session)
        session.add(Need(client_id=(await session.scalars(select(Client.id))).one(), need="housing"))
    assert "Nobody waits who speaks your languages" in (await dana.get("/console?view=fits")).text
    given = {"languages": ["en", "es"], "skills": ["housing"], "phone": "(612) 555-0199", "webhook": "", "email": ""}
    assert "Saved." in await press(dana, "/me", **given)
    page = (await dana.get("/console?view=fits")).text
    assert "Rosa Vega" in page
    assert "★ Housing" in page
    async with database.session() as session:
        assert (await session.scalars(select(Staff))).one().reach == ["sms:+16125550199"]
    for wrong in ("http://pager.example/x", "https://127.0.0.1/x", "https://localhost/x", "https://db.internal/x"):
        assert "on the public web" in await press(dana, "/me", **given | {"webhook": wrong})


async def test_who_writes_to_people_while_the_office_is_closed_is_told_once_when_it_opens(  # type: ignore[no-untyped-def]
    database: Database, monkeypatch
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%a")
    monkeypatch.setattr(get_settings(), "agency_hours", f"{tomorrow} 10:00-11:00 America/Chicago")
    async with database.session() as session:
        rosa = await somebody_asking(session)  # people have the conversation, nobody in particular
    for words in ("hola?", "hay alguien"):
        await texts(database, rosa, words)
    told = await said_to(database, rosa)
    assert len(told) == 1
    assert "La oficina está cerrada ahora. Abre" in told[0]
    assert "988" in told[0]
    await database.close()
