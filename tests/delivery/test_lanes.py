"""Jobs of a worker that died, or that could not write down their end, are given back; a job out of tries is said."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from casework import clock, handoff, jobs
from casework.conversations import people, turn
from casework.conversations.bot import Reply
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import Conversation, Message
from casework.errors import AssistantUnavailable
from casework.handoff.tables import Handoff
from casework.settings import get_settings
from casework.storage import Database
from channels.lanes import Lane, Later, Retry, Upkeep
from channels.worker import Parts, make_app, run_out_of_tries
from tests.delivery.test_sending import LINE, NUMBER, put

LOCK = "send:test"


async def nothing(job: Any) -> None:
    """A lane whose jobs are nobody's business in the end."""


def test_jobs_of_a_worker_without_a_sign_of_life_are_given_back_with_their_lock(database: Database) -> None:
    async def test() -> None:
        async with database.session() as session:
            await jobs.defer(session, "send_sms", lock=LOCK, message_id=uuid.uuid4())
            await jobs.defer(session, "send_sms", lock=LOCK, message_id=uuid.uuid4())
            await session.execute(
                text("insert into procrastinate_workers (last_heartbeat) values (now() - interval '11 seconds')")
            )
            worker = (await session.execute(text("select max(id) from procrastinate_workers"))).scalar_one()
            fetch = text("select id, lock from procrastinate_fetch_job_v2(null, :worker)")
            first = (await session.execute(fetch, {"worker": worker})).one()
            assert (await session.execute(fetch, {"worker": worker})).one().id is None, "the lock holds"
        upkeep = Upkeep(database, [])
        assert await upkeep.take_over() == 1
        assert await upkeep.take_over() == 0
        async with database.session() as session:
            again = (await session.execute(fetch, {"worker": worker})).one()
        assert again.id == first.id, "it keeps its place before the later one"

    asyncio.run(_closing(database, test))


def test_a_job_whose_end_could_not_be_written_down_is_given_back_though_its_worker_lives(database: Database) -> None:
    async def test() -> None:
        lane = Lane(lambda: None, "test", ["sms"], 1, nothing)  # type: ignore[arg-type, return-value]
        async with database.session() as session:
            await jobs.defer(session, "send_sms", lock=LOCK, message_id=uuid.uuid4())
            await jobs.defer(session, "send_sms", lock="send:other", message_id=uuid.uuid4())
            await session.execute(text("insert into procrastinate_workers (last_heartbeat) values (now())"))
            lane.worker_id = (await session.execute(text("select max(id) from procrastinate_workers"))).scalar_one()
            fetch = text("select id from procrastinate_fetch_job_v2(null, :worker)")
            running = (await session.execute(fetch, {"worker": lane.worker_id})).scalar_one()
            await session.execute(fetch, {"worker": lane.worker_id})
        lane.running = {running}
        upkeep = Upkeep(database, [lane])
        assert await upkeep.take_over() == 0, "it may be just ending"
        assert await upkeep.take_over() == 1
        async with database.session() as session:
            doing = await session.scalars(text("select id from procrastinate_jobs where status = 'doing'"))
            assert list(doing) == [running]

    asyncio.run(_closing(database, test))


def test_waiting_for_its_turn_does_not_use_up_a_job_s_tries() -> None:
    class Job:
        id, attempts = 1, 500

    retry = Retry(tries=2, wait=2, longest=30)
    assert retry.get_retry_decision(exception=Later(5), job=Job()) is not None  # type: ignore[arg-type]
    for expected in (True, False):
        retry.failed(1)
        decision = retry.get_retry_decision(exception=ValueError(), job=Job())  # type: ignore[arg-type]
        assert (decision is not None) is expected


def test_a_worker_runs_jobs_in_order_and_a_text_to_be_tried_again_is_not_overtaken(
    database: Database, database_url: str
) -> None:
    """The real lane over the real database; the provider refuses the first text once."""

    async def test() -> None:
        settings = get_settings().model_copy(update={"database_url": database_url, "sms_per_second": 1000.0})
        parts = Parts(settings)
        sent: list[str] = []

        class Refusing:
            sender = LINE
            refused = False

            async def send(self, *, to: str, body: str, message_id: uuid.UUID | None) -> str:
                from casework.delivery.sending import ProviderRefused

                if body == "one" and not self.refused:
                    self.refused = True
                    raise ProviderRefused(20429, passing=True)
                sent.append(body)
                return "SM" + uuid.uuid4().hex

            async def close(self) -> None:
                """Nothing is open."""

        await parts.twilio.close()
        parts.twilio = Refusing()  # type: ignore[assignment]
        await put(database, "one", "two", "three")
        lane = asyncio.create_task(Lane(lambda: make_app(parts), "test", ["sms"], 4, nothing).run())
        for _ in range(120):
            await asyncio.sleep(0.1)
            if len(sent) == 3:
                break
        lane.cancel()
        await asyncio.gather(lane, return_exceptions=True)
        await parts.close()
        assert sent == ["one", "two", "three"]

    asyncio.run(_closing(database, test))


class Away:
    """A model server that is not there."""

    async def turn(self, asked: Any) -> list[Any]:
        raise AssistantUnavailable("away")


def test_a_turn_that_cannot_be_done_goes_to_people_and_the_client_is_told(database: Database) -> None:
    async def test() -> None:
        conversation_id = await _text(database, "hello", "SM1")
        for tried_for, gives_up in ((turn.GIVE_UP / 2, False), (turn.GIVE_UP, True)):
            try:
                await turn.take_turn(database, Away(), conversation_id, tried_for=tried_for)  # type: ignore[arg-type]
                assert gives_up
            except AssistantUnavailable:
                assert not gives_up
        async with database.session() as session:
            conversation = await session.get_one(Conversation, conversation_id)
            told = list(await session.scalars(select(Message).where(Message.direction == "out")))
            handed = (await session.scalars(select(Handoff))).one()
        assert (conversation.owner, handed.reason, len(told)) == ("person", "assistant_failed", 1)
        assert "CONTINUE" in told[0].text
        await _text(database, "are you there?", "SM2")
        assert "A person will answer you here" in (await _said(database))[-1]
        await _text(database, "continue", "SM3")
        async with database.session() as session:
            assert (await session.get_one(Conversation, conversation_id)).owner == "assistant"

    asyncio.run(_closing(database, test))


@pytest.mark.parametrize("then", ["the bot answers", "the bot stays away"])
def test_a_turn_that_hands_over_and_is_broken_off_still_tells_the_client(database: Database, then: str) -> None:
    async def test() -> None:
        class HandsOver:
            """The action's change is stored; the process dies before its words are."""

            asked = 0

            async def turn(self, asked: Any) -> list[Reply]:
                self.asked += 1
                if self.asked == 1:
                    async with database.session() as session:
                        found = await people.by_id(session, conversation_id)
                        assert found is not None
                        await handoff.to_people(
                            session, *found, reason="person_asked", urgency=2, at=clock.now(), turn_id=asked.message_id
                        )
                if self.asked == 1 or then != "the bot answers":
                    raise AssistantUnavailable("killed")
                return [Reply("A person will come.")]

        conversation_id = await _text(database, "can i talk to a person", "SM1")
        bot: Any = HandsOver()
        with pytest.raises(AssistantUnavailable):
            await turn.take_turn(database, bot, conversation_id)
        await turn.take_turn(database, bot, conversation_id, tried_for=turn.GIVE_UP)
        assert [words.startswith(("A person will come", "Sorry")) for words in await _said(database)] == [True]

    asyncio.run(_closing(database, test))


def test_a_job_out_of_tries_hands_the_client_to_people(database: Database, database_url: str) -> None:
    async def test() -> None:
        conversation_id = await _text(database, "hello", "SM1")
        parts = Parts(get_settings().model_copy(update={"database_url": database_url}))

        class Job:
            id, task_name, task_kwargs = 1, "turn", {"conversation_id": str(conversation_id)}

        await run_out_of_tries(parts, Job())  # type: ignore[arg-type]
        await parts.close()
        async with database.session() as session:
            assert (await session.get_one(Conversation, conversation_id)).owner == "person"
            assert (await session.scalars(select(Handoff))).one().reason == "assistant_failed"

    asyncio.run(_closing(database, test))


def test_texts_in_pieces_are_one_turn_and_the_newest_one_s_job_answers_all(database: Database) -> None:
    async def test() -> None:
        asked: list[str] = []

        class Listening:
            async def turn(self, given: Any) -> list[Any]:
                asked.append(given.text)
                return []

        for n, words in enumerate(("hi", "how do i qualify", "for case management")):
            conversation_id = await _text(database, words, f"SM{n}")
        async with database.session() as session:
            ids = list(await session.scalars(select(Message.id).order_by(Message.seq)))
        for message_id in ids:
            await turn.take_turn(
                database,
                Listening(),  # type: ignore[arg-type]
                conversation_id,
                message_id=message_id,
                gather=turn.GATHER_AT_MOST,
            )
        assert asked == ["hi\nhow do i qualify\nfor case management"]
        async with database.session() as session:
            said = list(await session.scalars(select(Message.text).where(Message.direction == "out")))
        assert len(said) == 1, "a model without words does not mean silence"

    asyncio.run(_closing(database, test))


def test_a_number_alone_is_answered_at_once_and_words_wait_for_their_rest(database: Database) -> None:
    async def test() -> None:
        for n, words in enumerate(("2", " 55401. ", "55401 and im 34", "yes")):
            await _text(database, words, f"SM{n}", gather=2.0)
        async with database.session() as session:
            due = await session.scalars(
                text("select scheduled_at from procrastinate_jobs where task_name = 'turn' order by id")
            )
            assert [each is not None for each in due] == [False, False, True, True]

    asyncio.run(_closing(database, test))


async def _said(database: Database) -> list[str]:
    """What waits to be sent, in order."""
    async with database.session() as session:
        queued = select(Message.text).where(Message.direction == "out", Message.status == "queued")
        return list(await session.scalars(queued.order_by(Message.seq)))


async def _text(database: Database, words: str, sid: str, *, gather: float = 0) -> uuid.UUID:
    async with database.session() as session:
        client, conversation = await people.by_phone(session, NUMBER, LINE)
        await receive(session, client, conversation, Inbound(words, provider_id=sid), gather=timedelta(seconds=gather))
        return conversation.id


async def _closing(database: Database, test: Any) -> None:
    try:
        await test()
    finally:
        await database.close()
