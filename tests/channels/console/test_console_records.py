"""What staff see of a client and do with them."""

from __future__ import annotations

import asyncio
import re
import uuid

import httpx
import pytest
from console_people import a_client, a_handoff, a_text, somebody_asking, somebody_booked, somebody_in_danger
from sqlalchemy import select

from casework.conversations.tables import Conversation, Message
from casework.handoff.tables import Handoff
from casework.safety.marks import export_marks
from casework.safety.tables import Alarm
from casework.staff.tables import AuditEvent
from casework.storage import Database, new_id

pytestmark = pytest.mark.anyio


async def audited(database: Database, client_id: uuid.UUID) -> list[str]:
    async with database.session() as session:
        rows = await session.scalars(
            select(AuditEvent.action).where(AuditEvent.client_id == client_id).order_by(AuditEvent.at)
        )
        return list(rows)


async def conversation_of(database: Database, client_id: uuid.UUID) -> Conversation:
    async with database.session() as session:
        return (await session.scalars(select(Conversation).where(Conversation.client_id == client_id))).one()


async def do(browser: httpx.AsyncClient, client_id: uuid.UUID, what: str, **form: str) -> httpx.Response:
    """Presses a button of the person's page; returns the page that comes of it."""
    answer = await browser.post(
        f"/console/people/{client_id}/{what}",
        data={"csrf": browser.csrf, **form},  # type: ignore[attr-defined]
    )
    return await browser.get(answer.headers["location"]) if answer.status_code == 303 else answer


async def test_an_empty_queue_says_so(sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    assert "Nobody is waiting" in (await dana.get("/console")).text
    assert "not claimed anybody" in (await dana.get("/console?view=mine")).text


async def test_the_most_urgent_are_first_then_who_was_promised_an_answer_soonest(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        await somebody_booked(session, name="Ana Reyes")
        await somebody_asking(session, name="Rosa Vega", minutes=45)
        await somebody_asking(session, name="Ben Okafor", minutes=2)
        await somebody_in_danger(session, name="Jo Lind")
    dana = await sign_in()
    page = (await dana.get("/console")).text
    names = re.findall(r"<h2><a[^>]*>([^<]+)</a>", page)
    assert names == ["Jo Lind", "Rosa Vega", "Ben Okafor", "Ana Reyes"]
    assert "Alarm not acknowledged" in page
    assert "Waiting 45 min" in page
    assert "Answer overdue by 15 min" in page
    assert "Answer due in 27 min" in page or "Answer due in 28 min" in page
    assert "Adult Case Management (sample)" in page
    assert "Mon 7 Jan 2030, 2:30 PM CST" in page
    assert "Spanish · Web chat" in page


async def test_a_filter_shows_mine_and_what_is_closed(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session, name="Ana Reyes")
        await somebody_asking(session, name="Rosa Vega")
    dana = await sign_in()
    await do(dana, ana, "claim")
    mine = (await dana.get("/console?view=mine")).text
    assert "Ana Reyes" in mine
    assert "Rosa Vega" not in mine
    await do(dana, ana, "close")
    assert "Ana Reyes" not in (await dana.get("/console")).text
    assert "Ana Reyes" in (await dana.get("/console?view=all")).text


async def test_a_persons_page_tells_what_was_said_worked_out_and_not_asked(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
        said = (await session.scalars(select(Message).order_by(Message.seq))).all()
    dana = await sign_in()
    page = (await dana.get(f"/console/people/{client_id}")).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Ana Reyes" in text
    assert "(612) 555-0143" in text
    assert "no sign of danger was found" in text
    assert text.count("i need someone to help me keep my apartment") == 2  # quoted, and in the transcript
    assert "Does not seem to fit this policy" in text
    assert "Diagnosis: met." in text
    assert "You told us a professional made the diagnosis." in text  # screened in Spanish, read in English
    assert "Who pays: not met." in text
    assert "Source: " in text
    assert "Hospital stays, last 24 months 2" in text
    assert re.search(r"Preferred not to say Crisis help, last 24 months message in which they said", text)
    assert "Not asked Would not change the screening: What is hard in daily life." in text
    assert "Booked: Mon 7 Jan 2030, 2:30 PM CST , by phone" in text
    assert "Agreed to share this summary" in text
    place = next(message for message in said if message.text.startswith("55401"))
    assert f'href="#m-{place.id}"' in page
    assert f'id="m-{place.id}"' in page
    assert "Offered: Yes / No" in text


async def test_reading_a_record_is_written_down_once_for_an_open_page(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
    dana = await sign_in()
    await dana.get(f"/console/people/{client_id}")
    for part in ("summary", "transcript"):
        assert (await dana.get(f"/console/people/{client_id}/{part}")).status_code == 200
    assert await audited(database, client_id) == ["person.read"]
    eli = await sign_in("eli@agency.example", "Eli Noor")
    await eli.get(f"/console/people/{client_id}/transcript")
    assert await audited(database, client_id) == ["person.read", "person.read"]
    await dana.get("/console")
    async with database.session() as session:
        listed = await session.scalar(select(AuditEvent.detail).where(AuditEvent.action == "queue.read"))
    assert listed == {"clients": [str(client_id)]}


async def test_who_was_never_handed_over_is_not_staffs_to_read(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client, conversation = await a_client(session, "Kim Park")
        await a_text(session, conversation, "just looking around")
    dana = await sign_in()
    for part in ("", "/summary", "/transcript"):
        assert (await dana.get(f"/console/people/{client.id}{part}")).status_code == 404
    assert (await dana.get(f"/console/events?person={client.id}")).status_code == 404
    assert (await do(dana, client.id, "take-over")).status_code == 404
    assert (await dana.get(f"/console/people/{new_id()}")).status_code == 404
    assert (await dana.get("/console/people/not-an-id")).status_code == 404


async def test_what_clients_write_is_shown_as_text(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client, conversation = await a_client(session, "<b>Lee</b>")
        await a_text(session, conversation, "<script>alert(1)</script> hello there")
        await a_handoff(session, client, conversation, reason="person_asked", urgency=2)
    dana = await sign_in()
    page = (await dana.get(f"/console/people/{client.id}")).text + (await dana.get("/console")).text
    assert "<script>alert" not in page
    assert "<b>Lee" not in page
    assert "Has not agreed to share this summary" in page


async def test_of_two_who_claim_at_once_one_gets_the_client_and_the_other_is_told_who(  # type: ignore[no-untyped-def]
    database: Database, sign_in
) -> None:
    dana = await sign_in()
    eli = await sign_in("eli@agency.example", "Eli Noor")
    for number in range(5):
        async with database.session() as session:
            client, conversation = await a_client(session, f"Client {number}", phone=f"+1612555015{number}")
            await a_handoff(session, client, conversation, reason="person_asked", urgency=2)
        pages = await asyncio.gather(do(dana, client.id, "claim"), do(eli, client.id, "claim"))
        texts = [page.text for page in pages]
        winners = [text for text in texts if "You have this client now." in text]
        losers = [text for text in texts if "was quicker" in text]
        assert len(winners) == len(losers) == 1
        winner = "Dana Ruiz" if texts[0] in winners else "Eli Noor"
        assert re.search(rf"{winner}\s+was quicker", losers[0])
        assert (await audited(database, client.id)).count("handoff.claimed") == 1


async def test_claiming_leaves_the_assistant_talking_and_taking_over_silences_it(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
        conversation = (await session.scalars(select(Conversation))).one()
        waiting = await a_text(session, conversation, "One more question:", author="assistant", status="queued")
    dana = await sign_in()
    await do(dana, client_id, "claim")
    assert (await conversation_of(database, client_id)).owner == "assistant"
    page = await do(dana, client_id, "take-over")
    assert "The assistant is silent" in page.text
    assert (await conversation_of(database, client_id)).owner == "person"
    async with database.session() as session:
        assert (await session.get_one(Message, waiting.id)).status == "dropped"


async def test_a_reply_goes_to_the_outbox_once_and_silences_the_assistant(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
    dana = await sign_in()
    key = str(new_id())
    for _ in range(2):  # a double click
        page = await do(dana, client_id, "reply", text="Hi Ana, this is Dana.\r\nCall me?", key=key)
    assert "Your reply is on its way" in page.text
    assert "Staff: Dana Ruiz" in page.text
    async with database.session() as session:
        sent = (await session.scalars(select(Message).where(Message.author == "person"))).all()
        assert [(m.text, m.status, m.direction) for m in sent] == [("Hi Ana, this is Dana.\nCall me?", "queued", "out")]
        jobs = await session.execute(select(Handoff.claimed_by, Handoff.status))
        assert jobs.one().status == "claimed"
        deferred = (await session.connection()).exec_driver_sql
        rows = await deferred("select task_name, args->>'message_id' from procrastinate_jobs")
        assert ("send_sms", str(sent[0].id)) in [tuple(row) for row in rows]
    conversation = await conversation_of(database, client_id)
    assert (conversation.owner, conversation.staff_id) == ("person", sent[0].staff_id)
    assert "conversation.replied" in await audited(database, client_id)

    page = await do(dana, client_id, "give-back")
    assert "The assistant answers again" in page.text
    conversation = await conversation_of(database, client_id)
    assert (conversation.owner, conversation.staff_id) == ("assistant", None)


@pytest.mark.parametrize(("text", "why"), [("   ", "Write something"), ("x" * 1601, "too long for one message")])
async def test_a_reply_that_cannot_be_sent_says_why_and_changes_nothing(  # type: ignore[no-untyped-def]
    database: Database, sign_in, text: str, why: str
) -> None:
    async with database.session() as session:
        client_id = await somebody_booked(session)
    dana = await sign_in()
    page = await do(dana, client_id, "reply", text=text, key=str(new_id()))
    assert page.status_code == 409
    assert why in page.text
    assert text.strip() in page.text
    assert (await conversation_of(database, client_id)).owner == "assistant"


async def test_a_client_who_opted_out_is_not_texted(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client, conversation = await a_client(session, "Ana Reyes")
        client.opted_out_at = client.saving_agreed_at
        await a_handoff(session, client, conversation, reason="person_asked", urgency=2)
    dana = await sign_in()
    assert "<textarea" not in (await dana.get(f"/console/people/{client.id}")).text
    page = await do(dana, client.id, "reply", text="Hello", key=str(new_id()))
    assert "has opted out of texts" in page.text
    async with database.session() as session:
        assert not (await session.scalars(select(Message).where(Message.author == "person"))).all()


async def test_a_colleagues_client_is_theirs_until_a_supervisor_puts_them_back(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_asking(session)
    dana = await sign_in()
    eli = await sign_in("eli@agency.example", "Eli Noor")
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    await do(dana, client_id, "reply", text="Hola Rosa", key=str(new_id()))
    for what in ("take-over", "give-back", "release", "close"):
        assert 'role="alert"' in (await do(eli, client_id, what)).text
    page = await do(eli, client_id, "reply", text="my careful draft", key=str(new_id()))
    assert page.status_code == 409
    assert "my careful draft" in page.text
    assert re.search(r"Dana Ruiz\s+was quicker", page.text)
    assert "Back in the queue" in (await do(boss, client_id, "release")).text
    conversation = await conversation_of(database, client_id)
    assert (conversation.owner, conversation.staff_id) == ("person", None)  # the client is not left to the assistant
    assert "nobody answers yet" in (await eli.get(f"/console/people/{client_id}")).text
    assert "Waits for an answer" not in (await eli.get("/console")).text  # Dana has answered
    assert "You have this client now" in (await do(eli, client_id, "claim")).text


async def test_an_alarm_is_on_every_page_until_somebody_looks_after_it(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        alarm = await somebody_in_danger(session)
    client_id = alarm.client_id
    dana = await sign_in()
    assert 'data-alarms="1"' in (await dana.get("/console")).text
    page = (await dana.get(f"/console/people/{client_id}")).text
    assert "nobody has answered it" in page
    assert "suicide" in page
    assert "Acknowledge it first" in (await do(dana, client_id, "give-back")).text
    linked = await dana.get(f"/console?alarm={alarm.id}")  # what a page to the on-call list carries
    assert linked.headers["location"] == f"/console/people/{client_id}"
    for _ in range(2):
        answer = await dana.post(f"/console/alarms/{alarm.id}/acknowledge", data={"csrf": dana.csrf})
        assert answer.status_code == 303
    assert (await audited(database, client_id)).count("alarm.acknowledged") == 1
    assert "data-alarms" not in (await dana.get("/console")).text
    assert "being looked after by Dana Ruiz" in (await dana.get(f"/console/people/{client_id}")).text
    assert (await dana.post(f"/console/alarms/{new_id()}/acknowledge", data={"csrf": dana.csrf})).status_code == 404

    await do(dana, client_id, "claim")
    await do(dana, client_id, "give-back")
    conversation = await conversation_of(database, client_id)
    assert (conversation.owner, conversation.safety) == ("assistant", "none")
    async with database.session() as session:
        assert (await session.get_one(Alarm, alarm.id)).status == "closed"


async def test_taking_over_a_closed_client_puts_them_into_the_queue_again(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
    dana = await sign_in()
    await do(dana, client_id, "claim")
    await do(dana, client_id, "close")
    page = await do(dana, client_id, "reply", text="One thing I forgot", key=str(new_id()))
    assert "Taken over by staff" in page.text
    async with database.session() as session:
        statuses = (await session.scalars(select(Handoff.status).order_by(Handoff.created_at))).all()
    assert sorted(statuses) == ["claimed", "closed"]


async def test_a_long_conversation_is_read_in_parts(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
        conversation = (await session.scalars(select(Conversation))).one()
        for number in range(160):
            await a_text(session, conversation, f"text number {number}.", minutes=4)
    dana = await sign_in()
    page = (await dana.get(f"/console/people/{client_id}")).text
    assert "text number 159." in page
    assert "text number 3." not in page
    link = re.search(r'href="([^"]+before=\d+)', page)
    assert link
    assert "text number 3." in (await dana.get(link[1])).text


async def test_staff_say_what_a_message_really_was_and_see_why(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        alarm = await somebody_in_danger(session)
        other = await somebody_asking(session, name="Rosa Vega")
    dana = await sign_in()
    page = (await dana.get(f"/console/people/{alarm.client_id}")).text
    assert "Why, and was that right?" in page
    assert "The detector said crisis" in page
    marked = await do(dana, alarm.client_id, f"messages/{alarm.message_id}/mark", level="none")
    assert "Marked by staff: no danger" in marked.text
    assert "safety.marked" in await audited(database, alarm.client_id)
    async with database.session() as session:
        lines = [line async for line in export_marks(session)]
    assert len(lines) == 1
    assert lines[0].startswith("none|-|en|")
    for client_id, message_id, level in (
        (alarm.client_id, alarm.message_id, "worse"),
        (other, alarm.message_id, "none"),
        (alarm.client_id, new_id(), "none"),
    ):
        assert (await do(dana, client_id, f"messages/{message_id}/mark", level=level)).status_code == 404
