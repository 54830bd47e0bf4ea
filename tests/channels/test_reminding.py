"""What is due is said by day, once, and where the client can read it."""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from casework.conversations.tables import Client, Message
from casework.handoff.tables import Handoff
from casework.scheduling import reminders, waitlist
from casework.scheduling.tables import Appointment, Reminder
from casework.storage import Database, new_id
from channels import reminding

sys.path.insert(0, str(Path(__file__).parent / "console"))
from console_people import a_client, a_program

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)  # Wednesday, 2:30 pm in Chicago


async def an_appointment(database: Database, *, channel: str = "sms", start: datetime = START, **client: object):  # type: ignore[no-untyped-def]
    """Somebody with an appointment whose reminders wait; their reminders by hours before."""
    async with database.session() as session:
        _, calendar = await a_program(session)
        who, _ = await a_client(session, "Ana Reyes", channel=channel)
        for name, value in client.items():
            setattr(who, name, value)
        appointment = Appointment(
            id=new_id(),
            client_id=who.id,
            program_id=calendar.program_id,
            calendar_id=calendar.id,
            kind="phone",
            starts_at=start,
            ends_at=start + timedelta(minutes=45),
            busy_until=start + timedelta(minutes=45),
            status="booked",
        )
        session.add(appointment)
        await session.flush()
        made = await reminders.replace(session, appointment, "America/Chicago", start - timedelta(days=5))
        return appointment.id, {each.hours_before: each for each in made}


async def remind(database: Database, reminder_id: uuid.UUID, at: datetime) -> list[Message]:
    async with database.session() as session:
        await reminding.remind(session, reminder_id, at=at)
    async with database.session() as session:
        return list(await session.scalars(select(Message).where(Message.author == "system").order_by(Message.seq)))


async def status(database: Database, reminder_id: uuid.UUID) -> str:
    async with database.session() as session:
        return (await session.get_one(Reminder, reminder_id)).status


async def test_a_reminder_is_neutral_and_answered_with_one_digit(database: Database) -> None:
    appointment_id, due = await an_appointment(database)
    (sent,) = await remind(database, due[24].id, due[24].due_at)
    assert "Wed Nov 25, 2:30 PM (Central time)" in sent.text
    for word in ("mental", "health", "case", "intake", "program", "Loring"):
        assert word not in sent.text.lower()
    assert [choice["payload"] for choice in sent.choices] == [
        f'/{intent}_appointment{{"appointment": "{appointment_id}"}}' for intent in ("confirm", "reschedule", "cancel")
    ]
    assert len(await remind(database, due[24].id, due[24].due_at)) == 1  # the job runs twice
    await database.close()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("phone", "Wed Nov 25, 12:30 PM (Pacific time, your time; 2:30 PM Central time there)"),
        ("in_person", "Wed Nov 25, 2:30 PM (Central time there)"),
    ],
)
async def test_where_the_clocks_differ_a_call_is_told_by_the_clients_and_both_are_named(
    database: Database, kind: str, said: str
) -> None:
    appointment_id, due = await an_appointment(database, zone="America/Los_Angeles")
    async with database.session() as session:
        (await session.get_one(Appointment, appointment_id)).kind = kind
    (sent,) = await remind(database, due[24].id, due[24].due_at)
    assert said in sent.text
    await database.close()


async def test_who_has_only_the_web_chat_is_reminded_there(database: Database) -> None:
    _, due = await an_appointment(database, channel="web", language="es")
    (sent,) = await remind(database, due[24].id, due[24].due_at)
    assert sent.status == "sent"  # a chat message is there once it is stored
    assert sent.text.startswith("Recordatorio")
    await database.close()


async def test_after_an_outage_a_reminder_waits_for_the_morning_or_is_left_out(database: Database) -> None:
    _, due = await an_appointment(database)
    night = datetime(2026, 11, 25, 5, tzinfo=UTC)  # 11 pm
    assert await remind(database, due[24].id, night) == []
    assert await status(database, due[24].id) == "waiting"
    async with database.session() as session:
        rows = await session.execute(
            text("select scheduled_at from procrastinate_jobs where task_name = 'remind' order by id desc limit 1")
        )
        assert rows.scalar_one().astimezone(UTC) == datetime(2026, 11, 25, 14, tzinfo=UTC)  # 8 am
    await database.close()


async def test_a_reminder_that_morning_would_bring_too_late_is_left_out(database: Database) -> None:
    early = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)  # 8:30 am
    _, due = await an_appointment(database, start=early)
    assert await remind(database, due[24].id, datetime(2026, 11, 25, 5, tzinfo=UTC)) == []
    assert await status(database, due[24].id) == "dropped"
    await database.close()


async def test_of_reminders_that_are_due_together_only_the_last_is_sent(database: Database) -> None:
    _, due = await an_appointment(database)
    late = due[2].due_at + timedelta(minutes=1)
    assert set(due) == {72, 24, 2}
    for hours in (72, 24, 2):
        sent = await remind(database, due[hours].id, late)
    assert len(sent) == 1
    assert [await status(database, due[hours].id) for hours in (72, 24, 2)] == ["dropped", "dropped", "sent"]
    await database.close()


async def test_who_stopped_our_texts_is_not_reminded_and_is_once_they_start_again(database: Database) -> None:
    appointment_id, due = await an_appointment(database, opted_out_at=START - timedelta(days=4))
    assert await remind(database, due[72].id, due[72].due_at) == []
    assert await status(database, due[72].id) == "dropped"
    async with database.session() as session:
        appointment = await session.get_one(Appointment, appointment_id)
        (await session.get_one(Client, appointment.client_id)).opted_out_at = None
    assert len(await remind(database, due[24].id, due[24].due_at)) == 1
    await database.close()


async def test_what_staff_changed_for_who_stopped_our_texts_is_for_somebody_to_phone_about(database: Database) -> None:
    appointment_id, _ = await an_appointment(database, opted_out_at=START - timedelta(days=4))
    async with database.session() as session:
        await reminding.tell_appointment(session, appointment_id, "moved", at=START - timedelta(days=1))
    async with database.session() as session:
        waiting = (await session.scalars(select(Handoff))).one()
        assert (waiting.reason, waiting.urgency) == ("not_delivered", 2)
        assert (await session.scalars(select(Message).where(Message.author == "system"))).one().status == "dropped"
    await database.close()


async def test_waiting_lists_are_looked_at_by_day_only(database: Database) -> None:
    async with database.session() as session:
        program, _ = await a_program(session)
        who, _ = await a_client(session, "Ana Reyes")
        await waitlist.join(session, who.id, program.id)
    async with database.session() as session:
        assert await reminding.waited_for(session, at=START) == ["sample-mn-01"]
        assert await reminding.waited_for(session, at=START.replace(hour=7)) == []
    await database.close()


async def test_an_offer_that_nobody_answered_is_ended_and_said(database: Database) -> None:
    appointment_id, _ = await an_appointment(database)
    async with database.session() as session:
        held = await session.get_one(Appointment, appointment_id)
        held.status, held.held_until = "held", START
        entry = await waitlist.join(session, held.client_id, held.program_id)
        entry.status, entry.appointment_id, entry.offered_until = "offered", held.id, START
        await session.flush()
        await reminding.end_offer(session, entry.id, at=START + timedelta(minutes=1))
        (sent,) = (await session.scalars(select(Message).where(Message.author == "system"))).all()
        assert "next person" in sent.text
    await database.close()
