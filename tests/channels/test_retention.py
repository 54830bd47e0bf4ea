"""Who has been silent for RETENTION_DAYS is erased, without anybody's asking."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

from sqlalchemy import select

from casework import clock
from casework.conversations.tables import Client, Conversation
from casework.road.tables import Case
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.storage import Database, new_id
from channels import later
from channels.worker import Parts, make_app
from tests.casework.scheduling.agency import add_calendar, add_program

SILENT = 25  # more than are erased in one transaction


async def _clients(database: Database) -> set[uuid.UUID]:
    """Some who fell silent three years ago, and three who did not or are in care. Returns those three."""
    long_ago = clock.now() - timedelta(days=3 * 365)
    async with database.session() as session:
        program = await add_program(session)
        calendar = await add_calendar(session, program)
        clients = [Client(id=new_id(), language="en", created_at=long_ago) for _ in range(SILENT + 3)]
        session.add_all(clients)
        await session.flush()
        wrote, visits, in_care = clients[:3]
        session.add(Conversation(id=new_id(), client_id=wrote.id, channel="sms", last_inbound_at=clock.now()))
        for each in clients[3:5]:
            session.add(Conversation(id=new_id(), client_id=each.id, channel="sms", last_inbound_at=long_ago))
        begins = clock.now() + timedelta(days=1)
        session.add(
            Appointment(
                id=new_id(),
                client_id=visits.id,
                program_id=program,
                calendar_id=calendar,
                kind="phone",
                status="booked",
                starts_at=begins,
                ends_at=begins + timedelta(hours=1),
                busy_until=begins + timedelta(hours=1),
            )
        )
        session.add(Case(client_id=in_care.id, stage="monitoring", since=long_ago))
    return {each.id for each in clients[:3]}


def test_the_worker_erases_who_has_been_silent_for_so_long(database: Database, database_url: str) -> None:
    async def run() -> None:
        parts = Parts(get_settings().model_copy(update={"database_url": database_url}))
        try:
            kept = await _clients(database)
            app = make_app(parts)
            assert ("purge", "") in app.periodic_registry.periodic_tasks
            for days, left in ((0, SILENT + 3), (3 * 366, SILENT + 3), (730, 3)):
                parts.settings.retention_days = days
                await app.tasks["purge"](timestamp=0)
                async with database.session() as session:
                    there = set((await session.execute(select(Client.id))).scalars())
                assert kept <= there
                assert len(there) == left, days
        finally:
            await parts.close()
            await database.close()

    assert SILENT > later._PURGED_AT_ONCE
    asyncio.run(run())
