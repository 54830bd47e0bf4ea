"""The stream of events that keeps open pages up to date, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from console_people import a_text, somebody_asking, somebody_booked
from serving import in_database, served
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework import staff as staffing
from casework.conversations.tables import Conversation
from casework.storage import Database, notify
from channels.console.door import COOKIE

PASSWORD = "a long enough password"


async def _token(session: AsyncSession) -> str:
    await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
    token = await staffing.sign_in(session, "dana@agency.example", PASSWORD, clock.now())
    assert token
    return token


async def _writes(session: AsyncSession) -> None:
    conversation = (await session.scalars(select(Conversation).order_by(Conversation.created_at))).first()
    assert conversation is not None
    await a_text(session, conversation, "are you still there?")
    await notify(session, kind="message", conversation=conversation.id)


def names(lines: Iterator[str]) -> Iterator[str]:
    return (line.removeprefix("event: ") for line in lines if line.startswith("event: "))


def test_a_page_hears_of_the_queue_and_of_its_own_person(database: Database, database_url: str) -> None:
    token = in_database(database_url, _token)
    ana = in_database(database_url, somebody_booked)
    with served(database_url) as address, httpx.Client(cookies={COOKIE: token}, timeout=20) as browser:
        with browser.stream("GET", f"{address}/console/events?person={ana}") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            heard = names(answer.iter_lines())
            assert [next(heard), next(heard)] == ["queue", f"person-{ana}"]  # to catch up
            in_database(database_url, _writes)
            assert next(heard) == f"person-{ana}"
            in_database(database_url, somebody_asking)
            assert next(heard) == "queue"
        with browser.stream("GET", f"{address}/console/events") as answer:
            heard = names(answer.iter_lines())
            assert next(heard) == "queue"
            in_database(database_url, _writes)  # who waits for an answer may have changed
            assert next(heard) == "queue"
