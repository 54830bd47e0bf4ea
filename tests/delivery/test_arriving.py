"""What became of a text: whether it arrived, who is told if it did not, and when it is tried again."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from casework import clock
from casework.conversations import people
from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import ASSISTANT, PERSON, SYSTEM, Client, Message
from casework.delivery import sending, status
from casework.delivery.sending import OPTED_OUT, TOO_OLD, send
from casework.handoff import presence
from casework.handoff.tables import Handoff
from casework.settings import get_settings
from casework.storage import Database
from tests.delivery.conftest import Provider
from tests.delivery.test_sending import LINE, NUMBER, TOKEN_CHANGED, change, put, run, stored, waits_for_people


def test_where_it_stays_unknown_whether_a_text_is_out_people_are_told(database: Database, provider: Provider) -> None:
    async def test() -> None:
        [one] = await put(database, "did it arrive?")
        provider.does, provider.finds = ["lost"], [TOKEN_CHANGED] * 6
        pauses = [await send(database, provider, one) for _ in range(7)]
        assert pauses == [timedelta(seconds=pause) for pause in sending.PAUSES] + [None]
        assert (await stored(database, one)).status == "failed"
        assert len(provider.has) == 1
        assert await waits_for_people(database) == "not_delivered"

    run(test, database)


def test_a_text_that_is_refused_for_good_is_people_s_business(database: Database, provider: Provider) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        provider.does = [TOKEN_CHANGED]
        assert await send(database, provider, one) is None
        assert (await stored(database, one)).status == "failed"
        assert await waits_for_people(database) == "not_delivered"

    run(test, database)


@pytest.mark.parametrize("left", ["queued", "sending"])
def test_what_is_too_old_is_dropped_and_people_are_told(database: Database, provider: Provider, left: str) -> None:
    async def test() -> None:
        [one] = await put(database, "yesterday's answer")
        old = clock.now() - TOO_OLD - timedelta(minutes=1)
        await change(database, update(Message).values(created_at=old, status=left))
        assert await send(database, provider, one) is None
        assert (await stored(database, one)).status == "dropped"
        assert await waits_for_people(database) == "not_delivered"

    run(test, database)


def where_it_is(hour: int) -> str:
    """A time zone in which it is this hour of the day now."""
    ahead = (hour - clock.now().hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"


@pytest.mark.parametrize(
    ("what", "author", "made", "wrote", "zone_is", "goes"),
    [
        ("a reminder that no worker sent by day", SYSTEM, 4, None, "the client's", False),
        ("the same, of a client without a ZIP", SYSTEM, 4, None, "the office's", False),
        ("an answer to a keyword", SYSTEM, 4, 4, "the client's", True),
        ("an answer of the assistant", ASSISTANT, 4, None, "the client's", True),
        ("a person's words", PERSON, 4, None, "the client's", True),
        ("said at night on purpose", SYSTEM, 0, None, "the client's", True),
        ("by day", SYSTEM, 4, None, "somewhere else", True),
        ("what is said in danger", SYSTEM, 4, None, "the client's", True),
    ],
)
def test_what_answers_nobody_waits_for_the_morning_where_it_would_wake_somebody(
    database: Database,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    author: str,
    made: int,
    wrote: int | None,
    zone_is: str,
    goes: bool,
) -> None:
    async def test() -> None:
        night, day = where_it_is(22), where_it_is(12)
        office_zone = night if zone_is == "the office's" else day
        monkeypatch.setattr(get_settings(), "agency_hours", f"Mon-Fri 09:00-17:00 {office_zone}")
        [one] = await put(database, "words", author=author)
        await change(database, update(Message).values(created_at=clock.now() - timedelta(hours=made)))
        await change(database, update(Client).values(zone=night if zone_is == "the client's" else None))
        if wrote is not None:
            async with database.session() as session:
                client, conversation = await people.by_phone(session, NUMBER, LINE)
                await receive(session, client, conversation, Inbound("HELP", provider_id="SMin"))
                at = clock.now() - timedelta(hours=wrote, minutes=1)
                await session.execute(update(Message).where(Message.direction == "in").values(created_at=at))
        assert await send(database, provider, one, urgent=what == "what is said in danger") is None
        assert (await stored(database, one)).status == ("sent" if goes else "queued"), what
        async with database.session() as session:
            found = await session.execute(
                text("select lock from procrastinate_jobs where task_name = 'send_sms' and scheduled_at > now()")
            )
            assert [lock for (lock,) in found] == ([] if goes else [None]), what
        await change(database, update(Client).values(zone=day))
        await send(database, provider, one)
        assert len(provider.has) == 1, what

    run(test, database)


@pytest.mark.parametrize(("hour", "may"), [(12, True), (22, False)])
def test_what_is_said_unasked_to_a_client_without_a_zip_goes_by_the_office_s_clock(
    database: Database, monkeypatch: pytest.MonkeyPatch, hour: int, may: bool
) -> None:
    async def test() -> None:
        monkeypatch.setattr(get_settings(), "agency_hours", f"Mon-Fri 09:00-17:00 {where_it_is(hour)}")
        async with database.session() as session:
            found = await people.by_phone(session, NUMBER, LINE)
            assert await presence.may_speak(session, *found, clock.now()) is may

    run(test, database)


ORDERS = [
    (("queued", "sent", "delivered"), "delivered"),
    (("delivered", "sent", "queued"), "delivered"),
    (("sent", "delivered", "sent"), "delivered"),
    (("sent", "undelivered"), "undelivered"),
    (("undelivered", "sent"), "undelivered"),
    (("failed",), "failed"),
    (("read",), "delivered"),
    (("canceled",), "failed"),
    (("something new",), "sending"),
]


@pytest.mark.parametrize(("told", "ends"), ORDERS)
def test_callbacks_in_any_order_move_a_text_forward_only(database: Database, told: tuple[str, ...], ends: str) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        await change(database, update(Message).values(status="sending"))
        for state in told:
            async with database.session() as session:
                assert await status.record(session, "SM1", state, None, one)
        message = await stored(database, one)
        assert (message.status, message.provider_id) == (ends, "SM1")

    run(test, database)


def test_a_callback_that_names_an_interrupted_text_keeps_it_from_being_sent_again(
    database: Database, provider: Provider
) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        await change(database, update(Message).values(status="sending"))
        async with database.session() as session:
            await status.record(session, "SM1", "queued", None, one)
        await send(database, provider, one)
        assert provider.has == []
        assert (await stored(database, one)).status == "sent"

    run(test, database)


@pytest.mark.parametrize(("code", "again"), [(30003, True), (30006, False), (30007, False), (21610, False)])
def test_a_phone_that_was_off_is_tried_again_and_a_landline_is_not(
    database: Database, provider: Provider, code: int, again: bool
) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        await send(database, provider, one)
        sid = provider.has[0][0]
        async with database.session() as session:
            await status.record(session, sid, "undelivered", code, one)
            found = await session.execute(
                text("select scheduled_at > now() from procrastinate_jobs where task_name = 'send_again'")
            )
            assert (found.scalar_one_or_none() is True) is again
        assert (await stored(database, one)).error_code == code
        assert await waits_for_people(database) == (None if again or code == OPTED_OUT else "not_delivered")
        if again:
            async with database.session() as session:
                await status.again(session, one)
            provider.has.clear()
            await send(database, provider, one)
            assert len(provider.has) == 1

    run(test, database)


@pytest.mark.parametrize(
    ("what", "same_turn", "newer", "again"),
    [
        ("a later question was delivered", False, "delivered", False),
        ("a later question is waiting", False, "queued", True),
        ("the other half of the same answer was delivered", True, "delivered", True),
    ],
)
def test_a_question_from_before_is_not_sent_again_after_a_later_one(
    database: Database, what: str, same_turn: bool, newer: str, again: bool
) -> None:
    async def test() -> None:
        turn = uuid.uuid4()
        [one] = await put(database, "How old are you?", in_reply_to=turn, position=0)
        [two] = await put(database, "Where do you live?", in_reply_to=turn if same_turn else uuid.uuid4(), position=1)
        await change(database, update(Message).where(Message.id == one).values(status="undelivered"))
        await change(database, update(Message).where(Message.id == two).values(status=newer))
        async with database.session() as session:
            await status.again(session, one)
        assert (await stored(database, one)).status == ("queued" if again else "undelivered"), what

    run(test, database)


def test_a_text_undelivered_to_the_last_is_people_s_business(database: Database) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        await change(database, update(Message).values(status="sending", attempts=len(status.AGAIN) + 1))
        async with database.session() as session:
            await status.record(session, "SM1", "undelivered", 30003, one)
        assert await waits_for_people(database) == "not_delivered"

    run(test, database)


def test_a_text_that_a_fault_of_ours_keeps_back_is_people_s_business(database: Database) -> None:
    async def test() -> None:
        [one] = await put(database, "hello")
        async with database.session() as session:
            await sending.give_up(session, one)
        assert (await stored(database, one)).status == "failed"
        async with database.session() as session:
            assert (await session.scalars(select(Handoff))).one().status == "open"

    run(test, database)
