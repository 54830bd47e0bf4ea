"""What staff can hand a client: where the programs lie, and the letter for the first visit."""

from __future__ import annotations

import pytest
from console_people import a_program, somebody_booked
from fastapi import FastAPI
from sqlalchemy import select

from casework.staff.tables import AuditEvent
from casework.storage import Database, new_id

pytestmark = pytest.mark.anyio


async def test_staff_see_where_programs_lie_and_print_the_letter_and_it_is_written_down(
    app: FastAPI, database: Database, sign_in
) -> None:
    async with database.session() as session:
        await a_program(session)
        who = await somebody_booked(session)
    browser = await sign_in()
    person = await browser.get(f"/console/people/{who}")
    assert f"/console/people/{who}/letter.pdf" in person.text
    where = await browser.get(f"/console/people/{who}/where")
    assert where.status_code == 200
    assert 'role="img"' in where.text
    assert "nearest" in where.text
    letter = await browser.get(f"/console/people/{who}/letter.pdf")
    assert letter.headers["content-type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF-")
    async with database.session() as session:
        read = (await session.scalars(select(AuditEvent.action).where(AuditEvent.client_id == who))).all()
    assert read.count("person.read") == 3


async def test_nobody_sees_them_without_signing_in_or_for_a_client_there_is_not(
    app: FastAPI, stranger, sign_in
) -> None:
    for path in (f"/console/people/{new_id()}/where", f"/console/people/{new_id()}/letter.pdf"):
        assert (await stranger.get(path)).status_code in (302, 303)
        assert (await (await sign_in()).get(path)).status_code == 404
