"""Who is there for a client: calls while nobody claims, who has come, stepped away, or is at home."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from console_people import a_client, a_handoff, somebody_asking
from road_steps import NOON, press, said_to, texts
from sqlalchemy import select, update

from casework.conversations.tables import Client
from casework.handoff import calling, presence
from casework.handoff.tables import Handoff, Need
from casework.settings import get_settings
from casework.staff.tables import Staff
from casework.storage import Database

pytestmark = pytest.mark.anyio


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
