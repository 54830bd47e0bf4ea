"""What the tests of the road do again and again: press, move a step, hear what was said."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select, update

from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import OUT, Client, Conversation, Message
from casework.handoff.tables import Handoff
from casework.road import progress
from casework.road.tables import Case, Goal, Move, Task
from casework.staff.tables import Staff
from casework.storage import Database

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
