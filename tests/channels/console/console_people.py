"""Invented people, as the line would have left them in the database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import handoff, screening
from casework.conversations.tables import CLIENT, IN, OUT, PERSON, SMS, Answer, Client, Conversation, Message
from casework.directory.tables import Program
from casework.handoff.tables import Handoff, Need, ScreeningRecord
from casework.intake import answers, walk
from casework.road import rules
from casework.road.tables import Case, Goal, Plan, Service, Task
from casework.safety.tables import Alarm, SafetyAssessment
from casework.scheduling.tables import Appointment, Calendar
from casework.staff.tables import Staff
from casework.storage import blind_index, new_id, notify

NOW = datetime.now(UTC)
FACTS: dict[str, Any] = {
    "zip": "55401",
    "age": 34,
    "veteran": False,
    "in_hospital_now": False,
    "diagnoses": ["bipolar"],
    "diagnosed_by_professional": True,
    "inpatient_stays_24_months": 2,
    "payer": "private",
}


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


async def a_client(
    session: AsyncSession, name: str | None, *, phone: str = "+16125550142", channel: str = SMS, language: str = "en"
) -> tuple[Client, Conversation]:
    client = Client(
        id=new_id(),
        name=name,
        phone=phone if channel == SMS else None,
        phone_index=blind_index(phone, "phone") if channel == SMS else None,
        language=language,
        zone="America/Chicago",
        saving_agreed_at=ago(60),
    )
    session.add(client)
    await session.flush()
    conversation = Conversation(
        id=new_id(),
        client_id=client.id,
        channel=channel,
        line="+16125550100",
        owner="assistant",
        safety="none",
        last_inbound_at=ago(3),
    )
    session.add(conversation)
    await session.flush()
    return client, conversation


async def a_text(
    session: AsyncSession,
    conversation: Conversation,
    text: str,
    *,
    author: str = CLIENT,
    minutes: float = 5,
    **other: Any,
) -> Message:
    direction = IN if author == CLIENT else OUT
    message = Message(
        id=new_id(),
        conversation_id=conversation.id,
        direction=direction,
        author=author,
        text=text,
        status=other.pop("status", "handled" if direction == IN else "delivered"),
        created_at=ago(minutes),
        **other,
    )
    session.add(message)
    await session.flush()
    return message


async def a_handoff(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    *,
    reason: str,
    urgency: int,
    minutes: float = 5,
    **other: Any,
) -> Handoff:
    """A handoff that has waited for so many minutes. `shared`: the client agreed to that."""
    if other.get("shared"):
        await answers.record(session, client.id, walk.SHARING, True, at=ago(minutes))
    made = await handoff.to_people(
        session,
        client,
        conversation,
        reason=reason,
        urgency=urgency,
        at=ago(minutes),
        take_over=other.pop("take_over", False),
        **other,
    )
    made.created_at = ago(minutes)
    await session.flush()
    return made


async def an_alarm(session: AsyncSession, conversation: Conversation, message: Message) -> Alarm:
    """What a crisis text leaves behind."""
    session.add(
        SafetyAssessment(
            message_id=message.id,
            conversation_id=conversation.id,
            level="crisis",
            kinds=["suicide"],
            score=0.97,
            model_version="test",
            created_at=message.created_at,
        )
    )
    alarm = Alarm(
        id=new_id(),
        conversation_id=conversation.id,
        client_id=conversation.client_id,
        message_id=message.id,
        level="crisis",
        kinds=["suicide"],
        status="open",
        created_at=message.created_at,
    )
    session.add(alarm)
    conversation.safety, conversation.owner = "crisis", PERSON
    await session.flush()
    await notify(session, kind="alarm", alarm=alarm.id, conversation=conversation.id)
    return alarm


async def a_program(session: AsyncSession) -> tuple[Program, Calendar]:
    program = Program(
        id="sample-mn-01",
        organization="Loring Bend Mental Health (sample)",
        name="Adult Case Management (sample)",
        kind="cmhc",
        intake_phone="+16125550102",
        city="Minneapolis",
        state="MN",
        zip="55401",
        latitude=44.98,
        longitude=-93.27,
        zone="America/Chicago",
        source="sample",
        sample=True,
    )
    session.add(program)
    await session.flush()
    calendar = Calendar(id=new_id(), program_id=program.id, name="Intake desk", kind="phone", minutes=45)
    session.add(calendar)
    await session.flush()
    return program, calendar


async def told(
    session: AsyncSession, client: Client, message: Message, fact: str, value: Any, words: str | None
) -> None:
    session.add(
        Answer(
            id=new_id(),
            client_id=client.id,
            fact=fact,
            value=value,
            words=words,
            origin="said",
            message_id=message.id,
            created_at=message.created_at,
        )
    )
    await session.flush()


async def somebody_booked(
    session: AsyncSession, *, name: str = "Ana Reyes", phone: str = "+16125550143", seat: int = 0
) -> uuid.UUID:
    """A client who went the whole way: screened, booked, agreed to share. Returns their id."""
    client, conversation = await a_client(session, name, phone=phone)
    wish = await a_text(
        session, conversation, "i need someone to help me keep my apartment and my meds straight", minutes=31
    )
    await a_text(session, conversation, "What is your ZIP code?", author="assistant", minutes=30)
    place = await a_text(session, conversation, "55401 by the river", minutes=29)
    await a_text(
        session,
        conversation,
        "Has a doctor given you a diagnosis?",
        author="assistant",
        minutes=28,
        choices=[{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}],
    )
    doctor = await a_text(session, conversation, "bipolar, from dr at the clinic. went in twice last year", minutes=27)
    yes = await a_text(session, conversation, "yes pass it on", minutes=14)
    called = await a_text(session, conversation, name.split()[0], minutes=13)
    await a_text(session, conversation, "Thank you. You are booked.", author="assistant", minutes=12)
    session.add(Need(client_id=client.id, need="housing", message_id=wish.id))
    words = {
        "zip": (place, "55401 by the river"),
        "diagnoses": (doctor, "bipolar"),
        "inpatient_stays_24_months": (doctor, "twice last year"),
    }
    for fact, value in FACTS.items():
        message, said = words.get(fact, (doctor, None))
        await told(session, client, message, fact, value, said)
    await told(session, client, doctor, "crisis_contacts_24_months", None, None)
    await told(session, client, yes, "sharing", True, "yes pass it on")
    await told(session, client, called, "name", name, None)
    # Screened in Spanish on purpose: staff read the reasons in English.
    result = screening.screen(FACTS, language="es")
    session.add(
        ScreeningRecord(
            client_id=client.id, policy=result.policy, version=result.version, facts=FACTS, result=result.to_json()
        )
    )
    program = await session.get(Program, "sample-mn-01")
    if program is None:
        program, _ = await a_program(session)
    calendar = (await session.execute(Calendar.__table__.select())).first()
    assert calendar is not None
    starts = datetime(2030, 1, 7, 20, 30, tzinfo=UTC)
    appointment = Appointment(
        id=new_id(),
        client_id=client.id,
        conversation_id=conversation.id,
        program_id=program.id,
        calendar_id=calendar.id,
        seat=seat,
        kind="phone",
        starts_at=starts,
        ends_at=starts + timedelta(minutes=45),
        busy_until=starts + timedelta(minutes=45),
        status="booked",
    )
    session.add(appointment)
    await session.flush()
    await a_handoff(
        session,
        client,
        conversation,
        reason="booked",
        urgency=1,
        minutes=12,
        shared=True,
        program_id=program.id,
        appointment_id=appointment.id,
    )
    return client.id


async def somebody_in_danger(
    session: AsyncSession, *, name: str | None = "Jo Lind", phone: str = "+16125550144"
) -> Alarm:
    """A client whose text raised an alarm that nobody has acknowledged."""
    client, conversation = await a_client(session, name, phone=phone)
    await a_text(session, conversation, "hey. is anyone there tonight", minutes=6)
    text = await a_text(session, conversation, "i dont want to wake up tomorrow. i gave my dog away", minutes=4)
    await a_text(
        session, conversation, "You can call or text 988 at any time.", author="system", minutes=4, status="sent"
    )
    alarm = await an_alarm(session, conversation, text)
    await a_handoff(session, client, conversation, reason="crisis", urgency=3, minutes=4, take_over=True)
    return alarm


async def somebody_asking(session: AsyncSession, *, name: str = "Rosa Vega", minutes: float = 45) -> uuid.UUID:
    """A client of the web chat, in Spanish, who asked for a person and has not agreed to share anything."""
    client, conversation = await a_client(session, name, channel="web", language="es")
    await a_text(session, conversation, "quiero hablar con una persona por favor", minutes=minutes)
    await a_handoff(session, client, conversation, reason="person_asked", urgency=2, minutes=minutes, take_over=True)
    return client.id


async def people_on_the_road(session: AsyncSession) -> uuid.UUID:
    """A client at every stage, two with something overdue. Returns the one whose plan is being written."""
    today = NOW.date()
    dana = await session.scalar(select(Staff.id).order_by(Staff.name).limit(1))
    names = ("Kim Park", "Lou Tran", "Mia Cole", "Noor Haddad", "Omar Diaz", "Pia Lang", "Ravi Shah", "Sol Ortiz")
    stages = (*rules.STAGES, rules.MONITORING)
    writing = new_id()
    for number, (name, stage) in enumerate(zip(names, stages, strict=True)):
        client, conversation = await a_client(session, name, phone=f"+16125550{160 + number}")
        await a_handoff(session, client, conversation, reason="booked", urgency=1, minutes=3000, shared=True)
        case = await session.get_one(Case, client.id)
        case.stage, case.since = stage, ago(2000 * (number + 1))
        if number >= 5:
            case.case_manager_id = dana
        if stage == rules.MONITORING:
            late = number == 7
            session.add(
                Task(client_id=client.id, kind="check_in", due_on=today + timedelta(-3 if late else 6), status="open")
            )
            case.reassess_on = today + timedelta(120)
        if stage == rules.ASSESSED:
            writing = client.id
            plan = Plan(id=new_id(), client_id=client.id, number=1, status="draft")
            session.add(plan)
            await session.flush()
            measures = {
                "Keep my apartment": "Rent is paid on time three months in a row",
                "See a doctor I can talk to": None,
            }
            for text, measure in measures.items():
                goal = Goal(id=new_id(), client_id=client.id, plan_id=plan.id, text=text, measure=measure)
                goal.target_on = today + timedelta(90)
                session.add(goal)
                await session.flush()
                session.add(Service(client_id=client.id, goal_id=goal.id, what="Rent help form", who="Dana Ruiz"))
            session.add(
                Task(
                    client_id=client.id,
                    kind="other",
                    note="Ask for the lease",
                    due_on=today - timedelta(1),
                    status="open",
                )
            )
    await session.flush()
    return writing
