"""A text leaves once, in its place, and not when it should not, whatever fails in the middle."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from casework import clock
from casework.conversations import people
from casework.conversations.tables import ASSISTANT, PERSON, SYSTEM, Client, Conversation, Message
from casework.delivery import keywords, outbox, pace, sending, sweep
from casework.delivery.sending import OPTED_OUT, ProviderRefused, send
from casework.handoff.tables import Handoff
from casework.storage import Database
from tests.delivery.conftest import Provider

NUMBER, LINE = "+16125550111", "+16125550100"
PASSING = ProviderRefused(20429, passing=True)
TOKEN_CHANGED = ProviderRefused(20003, passing=False)


async def put(database: Database, *texts: str, author: str = ASSISTANT, **more: Any) -> list[uuid.UUID]:
    ids = []
    async with database.session() as session:
        client, conversation = await people.by_phone(session, NUMBER, LINE)
        for words in texts:
            message_id = await outbox.put(session, client, conversation, words, author=author, **more)
            assert message_id is not None
            ids.append(message_id)
    return ids


async def stored(database: Database, message_id: uuid.UUID) -> Message:
    async with database.session() as session:
        return await session.get_one(Message, message_id)


async def waits_for_people(database: Database) -> str | None:
    """Why the client is in the queue, if they are."""
    async with database.session() as session:
        return await session.scalar(select(Handoff.reason))


async def change(database: Database, statement: Any) -> None:
    async with database.session() as session:
        await session.execute(statement)


def run(test: Callable[[], Awaitable[None]], database: Database) -> None:
    async def whole() -> None:
        try:
            await test()
        finally:
            await database.close()

    asyncio.run(whole())


def test_a_text_is_sent_and_a_second_job_for_it_sends_nothing(database: Database, provider: Provider) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        assert await send(database, provider, one) is None
        assert await send(database, provider, one) is None
        assert [body for _, _, body in provider.has] == ["hello"]
        message = await stored(database, one)
        assert (message.status, message.provider_id) == ("sent", provider.has[0][0])

    run(test, database)


def test_what_was_interrupted_before_it_left_is_sent_and_after_it_left_is_not_sent_again(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        left, stayed = await put(database, "left", "stayed")
        provider.has.append(("SM1", NUMBER, "left"))
        await change(database, update(Message).values(status="sending"))
        await send(database, provider, left)
        await send(database, provider, stayed)
        assert [body for _, _, body in provider.has] == ["left", "stayed"]
        assert (await stored(database, left)).provider_id == "SM1"

    run(test, database)


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_two_texts_of_the_same_words_are_both_sent_and_neither_twice(
    database: Database, provider: Provider, arrived: int
) -> None:
    async def test() -> None:
        both = await put(database, "same words", "same words")
        provider.has += [(f"SM{n}", NUMBER, "same words") for n in range(arrived)]
        await change(database, update(Message).values(status="sending"))
        for message_id in both:
            await send(database, provider, message_id)
        assert len(provider.has) == 2
        assert len({(await stored(database, message_id)).provider_id for message_id in both}) == 2

    run(test, database)


def test_no_answer_from_the_provider_is_asked_about_before_anything_is_sent_again(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        [one] = await put(database, "did it arrive?")
        provider.does = ["lost"]
        assert await send(database, provider, one) == timedelta(seconds=2)
        assert (await stored(database, one)).status == "sending"
        assert await send(database, provider, one) is None
        assert provider.asked == 1
        assert len(provider.has) == 1

    run(test, database)


@pytest.mark.parametrize("cannot_ask", [PASSING, ProviderRefused(None, passing=True), TOKEN_CHANGED])
def test_a_text_that_may_be_out_is_not_sent_again_while_the_provider_cannot_be_asked(
    database: Database, provider: Provider, cannot_ask: ProviderRefused
) -> None:
    async def test() -> None:
        [one] = await put(database, "did it arrive?")
        provider.does, provider.finds = ["lost"], [cannot_ask, cannot_ask]
        pauses = [await send(database, provider, one) for _ in range(4)]
        assert pauses == [timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=30), None]
        assert len(provider.has) == 1
        assert (await stored(database, one)).status == "sent"

    run(test, database)


def test_refusals_that_pass_are_tried_with_growing_pauses_and_then_given_up(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        [one] = await put(database, "busy")
        provider.does = [PASSING] * 7
        pauses = [await send(database, provider, one) for _ in range(7)]
        assert pauses == [timedelta(seconds=pause) for pause in sending.PAUSES] + [None]
        message = await stored(database, one)
        assert (message.status, message.error_code, provider.has) == ("failed", 20429, [])
        assert await waits_for_people(database) == "not_delivered"

    run(test, database)


def test_what_is_said_in_danger_is_tried_as_long_and_holds_up_the_next_words_half_a_minute_at_most(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        [one] = await put(database, "988", author=SYSTEM, urgent=True)
        provider.does = [PASSING] * 10
        pauses = [await send(database, provider, one, urgent=True) for _ in range(9)]
        assert pauses == [timedelta(seconds=pause) for pause in (2, 10, 30, 30, 30, 30, 30, 30, 30)]
        await change(database, update(Message).values(created_at=clock.now() - timedelta(hours=1)))
        assert await send(database, provider, one, urgent=True) is None
        assert (await stored(database, one)).status == "failed"

    run(test, database)


def test_an_opted_out_answer_of_the_provider_is_recorded(database: Database, provider: Provider) -> None:
    async def test() -> None:
        one, two = await put(database, "hello", "how are you?")
        provider.does = [ProviderRefused(OPTED_OUT, passing=False)]
        await send(database, provider, one)
        async with database.session() as session:
            assert (await session.scalars(select(Client))).one().opted_out_at is not None
        assert (await stored(database, one)).status == "failed"
        assert (await stored(database, two)).status == "dropped"
        assert await waits_for_people(database) is None

    run(test, database)


def test_who_opts_out_while_a_reply_is_being_put_together_does_not_get_it(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        async with database.session() as late:
            client, conversation = await people.by_phone(late, NUMBER, LINE)
            late_id = uuid.uuid4()
        async with database.session() as late:
            # The reply's transaction has read the client; STOP comes and is done before the reply is committed.
            client, conversation = (await late.execute(select(Client, Conversation).join(Conversation))).one()
            reply = await outbox.put(late, client, conversation, "reply", author=ASSISTANT, in_reply_to=late_id)
            async with database.session() as stop:
                found = (await stop.execute(select(Client, Conversation).join(Conversation))).one()
                await keywords.act(stop, *found, keywords.Keyword("stop"), at=clock.now())
        assert reply is not None
        async with database.session() as session:
            confirmation = (await session.scalars(select(Message).where(Message.author == SYSTEM))).one()
        assert confirmation.status == "queued"
        await send(database, provider, reply)
        await send(database, provider, confirmation.id, even_if_opted_out=True)
        assert [body for _, _, body in provider.has] == [confirmation.text]
        assert (await stored(database, reply)).status == "dropped"

    run(test, database)


@pytest.mark.parametrize(
    ("what", "changes", "author", "goes"),
    [
        ("nothing changed", {}, ASSISTANT, True),
        ("a person took over", {"owner": PERSON}, ASSISTANT, False),
        ("a person took over, a person's words", {"owner": PERSON}, PERSON, True),
        ("danger was found", {"safety": "crisis"}, ASSISTANT, False),
        ("danger was found, the crisis reply", {"safety": "crisis"}, SYSTEM, True),
    ],
)
def test_what_changed_before_the_text_left_is_looked_at_again(
    database: Database, provider: Provider, what: str, changes: dict[str, str], author: str, goes: bool
) -> None:
    async def test() -> None:
        [one] = await put(database, "words", author=author)
        if changes:
            await change(database, update(Conversation).values(**changes))
        await send(database, provider, one)
        assert (len(provider.has) == 1) is goes, what
        assert (await stored(database, one)).status == ("sent" if goes else "dropped"), what

    run(test, database)


def test_a_long_reply_goes_as_several_texts_cut_between_sentences_and_once(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        words = " ".join(f"This is sentence number {n} of a long answer." for n in range(90))
        choices = [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]
        turn = uuid.uuid4()
        await put(database, words, choices=choices, in_reply_to=turn, position=0)
        async with database.session() as session:
            client, conversation = await people.by_phone(session, NUMBER, LINE)
            again = await outbox.put(
                session, client, conversation, words, author=ASSISTANT, choices=choices, in_reply_to=turn, position=0
            )
            messages = list(await session.scalars(select(Message).order_by(Message.seq)))
        assert again is None
        for message in messages:
            await send(database, provider, message.id)
        bodies = [body for _, _, body in provider.has]
        assert len(bodies) == 3
        assert all(len(body) <= 1600 for body in bodies)
        assert all(body.endswith(".") for body in bodies[:-1])
        assert " ".join(bodies).startswith(words)
        assert "2" in bodies[-1].splitlines()[-1]

    run(test, database)


def test_a_number_keeps_its_rate_over_all_workers_and_a_crisis_does_not_wait(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        async with database.session() as session:
            taken = [await pace.take(session, LINE, 2.0) for _ in range(30)]
        assert sum(wait is None for wait in taken) in (21, 22), "a burst of ten seconds at two a second"
        assert all(wait is None or timedelta(0) < wait <= timedelta(seconds=1) for wait in taken)
        [one] = await put(database, "ordinary")
        [two] = await put(database, "988", author=SYSTEM, urgent=True)
        wait = await send(database, Provider(sender=LINE), one, per_second=2.0)
        assert wait is not None
        assert (await stored(database, one)).status == "queued"
        assert await send(database, provider, two, per_second=2.0, urgent=True) is None
        assert len(provider.has) == 1

    run(test, database)


def test_what_lost_its_job_is_picked_up_again_once(database: Database) -> None:
    async def test() -> None:
        await put(database, "hello")
        old = clock.now() - timedelta(minutes=5)
        async with database.session() as session:
            assert await sweep.pick_up(session) == (0, 0), "it has a job"
            await session.execute(text("delete from procrastinate_jobs"))
            await session.execute(update(Message).values(created_at=old))
            assert await sweep.pick_up(session) == (0, 1)
            assert await sweep.pick_up(session) == (0, 0)

    run(test, database)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("STOP", "stop"),
        ("stop.", "stop"),
        (" Stop!! ", "stop"),
        ("“STOP”", "stop"),
        ("Stop all", "stop"),
        ("ALTO", "stop"),
        ("¡Parar!", "stop"),
        ("dar de baja", "stop"),
        ("START", "start"),
        ("empezar", "start"),
        ("Unstop", "start"),
        ("HELP", "help"),
        ("ayuda?", "help"),
        ("Información", "help"),
        ("sí", "yes"),
        ("please stop", None),
        ("i want to stop drinking", None),
        ("stop stop", None),
        ("", None),
        ("...", None),
    ],
)
def test_whole_messages_are_keywords_and_sentences_are_not(said: str, name: str | None) -> None:
    found = keywords.recognise(said)
    assert (found.name if found else None) == name
