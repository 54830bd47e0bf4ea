"""Who asks to be erased is: at once what they told, and by staff's deed all that hangs on them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import func, select, text, update
from typer.testing import CliRunner

from actions import case
from actions.control import EraseNow
from casework import records
from casework.commands.main import app
from casework.conversations.tables import Client
from casework.handoff.tables import Handoff
from casework.scheduling.tables import Waiting
from casework.staff.tables import AuditEvent
from casework.storage import Database
from casework.storage.tables import Base
from tests.casework import erasing_rows as rows

pytestmark = pytest.mark.anyio
TOLD = {"answers", "screenings", "needs", "questions_asked"}
TRACKERS = "create table bot.events (id serial, sender_id text, data bytea)"


async def count(session: Any, table: str) -> int:
    return int(await session.scalar(select(func.count()).select_from(Base.metadata.tables[table])))


async def test_of_a_client_who_is_erased_nothing_remains_in_any_table(database: Database) -> None:
    async with database.session() as session:
        gone, other = await rows.write(session), await rows.write(session)
        await session.execute(text("create schema bot"))
        await session.execute(text(TRACKERS))
        talks = {who["clients"]["id"]: str(who["conversations"]["id"]) for who in (gone, other)}
        for talk in talks.values():
            await session.execute(text("insert into bot.events (sender_id) values (:talk)"), {"talk": talk})

        assert await records.erase(session, client_id=gone["clients"]["id"])

        assert {name: await count(session, name) for name in rows.of_a_client()} == dict.fromkeys(rows.of_a_client(), 1)
        remains = await session.scalars(text("select sender_id from bot.events"))
        assert remains.all() == [talks[other["clients"]["id"]]]
        for table in set(Base.metadata.sorted_tables) - {AuditEvent.__table__}:
            for line in await session.scalars(text(f'select t::text from "{table.name}" t')):
                assert not [known for known in rows.ids(gone) if known in line], table.name
        assert not await records.erase(session, client_id=gone["clients"]["id"])
        await session.execute(text("drop schema bot cascade"))
    await database.close()


async def test_an_opening_that_an_erased_client_gives_back_is_offered_to_who_waits(database: Database) -> None:
    async with database.session() as session:
        gone, other = await rows.write(session), await rows.write(session)
        program = gone["programs"]["id"]
        await session.execute(
            update(Waiting)
            .where(Waiting.client_id == other["clients"]["id"])
            .values(status="waiting", program_id=program)
        )
        await records.erase_client(session, gone["clients"]["id"])
        jobs = await session.execute(text("select task_name, args->>'program_id' from procrastinate_jobs"))
        assert [tuple(job) for job in jobs] == [("waitlist_offer", program)]
    await database.close()


async def test_what_a_turn_saved_of_an_erased_client_goes_with_the_next_purge(database: Database) -> None:
    async with database.session() as session:
        other = await rows.write(session)
        talk = str(other["conversations"]["id"])
        await session.execute(text("create schema bot"))
        await session.execute(text(TRACKERS))
        for sender in (talk, str(uuid.uuid4())):
            await session.execute(text("insert into bot.events (sender_id) values (:s)"), {"s": sender})
        assert await records.purge(session, 30) == 0
        assert (await session.scalars(text("select sender_id from bot.events"))).all() == [talk]
        await session.execute(text("drop schema bot cascade"))
    await database.close()


async def test_delete_my_data_deletes_what_was_told_and_leaves_the_rest_to_a_person(database: Database) -> None:
    async with database.session() as session:
        written = await rows.write(session)
    talk = written["conversations"]["id"]
    said = {"text": "yes", "intent": {"name": "delete_my_data", "confidence": 1.0}, "entities": []}
    tracker = Tracker(
        str(talk), {"welcomed": True, "wishes": {"day": "monday"}, "programs_shown": ["a"]},
        {**said, "metadata": {"turn": str(uuid.uuid4()), "words": "yes"}}, [], False, None, {}, "action_listen",
    )  # fmt: skip
    case.use(database)
    events = await EraseNow().run(CollectingDispatcher(), tracker, {})
    assert {"event": "reset_slots", "timestamp": None} in events
    async with database.session() as session:
        assert {name: await count(session, name) for name in TOLD} == dict.fromkeys(TOLD, 0)
        client = await session.get_one(Client, written["clients"]["id"])
        assert client.name is None
        handoff = (await session.scalars(select(Handoff))).one()
        assert (handoff.reason, handoff.urgency) == ("erase_asked", 2)
        summary = handoff.summary
        assert [summary[part] for part in ("name", "said", "found", "worked_out", "needs")] == [None, [], [], None, []]
        for name in rows.of_a_client() - TOLD - {"action_answers"}:
            assert await count(session, name) == 1, name
    await database.close()


@pytest.mark.parametrize("options", [[], ["--phone", "6125550142", "--client", str(uuid.uuid4())]])
def test_whom_to_erase_is_said_by_number_or_by_id(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["erase", *options])
    assert "say whom" in str(result.exception)
