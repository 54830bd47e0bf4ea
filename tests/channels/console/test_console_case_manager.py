"""Who has a client: a case manager who leaves, another who is named."""

from __future__ import annotations

import re

import pytest
from console_people import somebody_booked
from road_steps import NOON, TODAY, case_of, in_monitoring, press, said_to, tell_all, texts
from sqlalchemy import select, text, update

from casework.handoff import calling
from casework.handoff.tables import Handoff
from casework.road.tables import Plan, Task
from casework.staff.tables import AuditEvent, Staff
from casework.storage import Database

pytestmark = pytest.mark.anyio


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
