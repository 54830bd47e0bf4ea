"""A small agency for the tests of scheduling: programs, calendars and clients, made with few words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import SMS, Client, Conversation
from casework.directory.tables import Program
from casework.scheduling.tables import Calendar, WeeklyHours
from casework.storage import Database, new_id

T = TypeVar("T")

# A Monday, 10:00 in Chicago.
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
WORKDAYS = tuple((day, "09:00", "17:00") for day in range(5))


def at(text: str) -> datetime:
    """A moment in UTC from `2026-11-24 15:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def work(database: Database, *steps: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    """Runs each step in a transaction of its own, as a request or job does; returns what the last one gave."""

    async def all_steps() -> Any:
        result = None
        try:
            for step in steps:
                async with database.session() as session:
                    result = await step(session)
        finally:
            await database.close()
        return result

    return asyncio.run(all_steps())


async def add_program(
    session: AsyncSession, program_id: str = "bend", zone: str = "America/Chicago", **more: Any
) -> str:
    session.add(
        Program(
            id=program_id,
            organization="Loring Bend (sample)",
            name="Case Management",
            kind="cmhc",
            city="Minneapolis",
            state="MN",
            zip="55401",
            latitude=44.98,
            longitude=-93.27,
            zone=zone,
            source="test",
            **more,
        )
    )
    await session.flush()
    return program_id


async def add_calendar(
    session: AsyncSession,
    program_id: str = "bend",
    weekly: tuple[tuple[int, str, str], ...] = WORKDAYS,
    **more: Any,
) -> uuid.UUID:
    values: dict[str, Any] = {"name": "Intake desk", "kind": "phone", "minutes": 45, "buffer": 15} | more
    calendar = Calendar(id=new_id(), program_id=program_id, **values)
    session.add(calendar)
    await session.flush()
    for weekday, opens, closes in weekly:
        session.add(
            WeeklyHours(
                calendar_id=calendar.id,
                weekday=weekday,
                opens=time.fromisoformat(opens),
                closes=time.fromisoformat(closes),
            )
        )
    await session.flush()
    return calendar.id


async def add_client(session: AsyncSession, zone: str | None = None) -> uuid.UUID:
    client = Client(id=new_id(), language="en", zone=zone)
    session.add(client)
    await session.flush()
    return client.id


async def add_texter(session: AsyncSession) -> uuid.UUID:
    """Somebody who can be written to."""
    client_id = await add_client(session)
    session.add(Conversation(id=new_id(), client_id=client_id, channel=SMS))
    await session.flush()
    return client_id


async def add_clients(session: AsyncSession, number: int) -> list[uuid.UUID]:
    """Many at once."""
    clients = [Client(id=new_id(), language="en") for _ in range(number)]
    session.add_all(clients)
    await session.flush()
    return [client.id for client in clients]
