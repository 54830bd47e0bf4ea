"""Erasing a client's record: by a supervisor, in two steps, written down."""

from __future__ import annotations

import pytest
from console_people import somebody_asking, somebody_in_danger
from sqlalchemy import func, select

from casework.conversations.tables import Client
from casework.staff.tables import AuditEvent
from casework.storage import Database

pytestmark = pytest.mark.anyio


async def left(database: Database) -> int:
    async with database.session() as session:
        return int(await session.scalar(select(func.count()).select_from(Client)))


async def test_a_supervisor_erases_a_client_of_the_web_chat_by_typing_the_word(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_asking(session)
    address = f"/console/people/{client_id}"
    dana = await sign_in()
    assert (await dana.get(f"{address}/erase")).status_code == 403
    assert (await dana.post(f"{address}/erase", data={"csrf": dana.csrf, "typed": "ERASE"})).status_code == 403
    assert f"{address}/erase" not in (await dana.get(address)).text

    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert f"{address}/erase" in (await boss.get(address)).text
    assert "Erase the record of Rosa Vega" in (await boss.get(f"{address}/erase")).text
    assert (await boss.post(f"{address}/erase", data={"typed": "ERASE"})).status_code == 403  # not from our page
    page = await boss.post(f"{address}/erase", data={"csrf": boss.csrf, "typed": "yes"})
    assert (page.status_code, "Nothing was erased" in page.text, await left(database)) == (409, True, 1)

    done = await boss.post(f"{address}/erase", data={"csrf": boss.csrf, "typed": " erase"}, follow_redirects=True)
    assert "Nothing of this client is left" in done.text
    assert await left(database) == 0
    assert (await boss.get(address)).status_code == 404
    async with database.session() as session:
        event = (await session.scalars(select(AuditEvent).where(AuditEvent.action == "client.erased"))).one()
        assert (event.client_id, event.staff_id is not None) == (client_id, True)
    assert "Erased the record" in (await boss.get("/console/audit")).text


async def test_a_client_in_danger_whom_nobody_looks_after_is_not_erased(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = (await somebody_in_danger(session)).client_id
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    page = await boss.post(f"/console/people/{client_id}/erase", data={"csrf": boss.csrf, "typed": "ERASE"})
    assert (page.status_code, "Acknowledge it first" in page.text, await left(database)) == (409, True, 1)
