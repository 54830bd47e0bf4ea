"""A referral by e-mail: really sent, with no more than the client agreed to; what cannot be sent is a call to make."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inbox import Inbox, inbox
from sqlalchemy import select, text

from casework.handoff import referrals
from casework.handoff.tables import Referral
from casework.intake import answers, walk
from casework.settings import Settings, get_settings
from casework.storage import Database
from channels import referring
from channels.mail import Mailer, MailNotTaken

sys.path.insert(0, str(Path(__file__).parent / "console"))
from console_people import a_client, a_program

__all__ = ["inbox"]
pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
INTAKE = "intake@loring-bend-mental-health.example"


async def agreed(database: Database, *, address: str | None = INTAKE) -> Referral:
    """Ana agrees that the program is asked."""
    async with database.session() as session:
        program, _ = await a_program(session)
        program.email = address
        client, _ = await a_client(session, "Ana Reyes", phone="+16125550142")
        for fact, value in ((walk.SAVING, True), (walk.SHARING, True), ("diagnoses", ["schizophrenia"])):
            await answers.record(session, client.id, fact, value, at=AT)
        await referrals.make(session, client.id, program.id, at=AT)
    return await the_referral(database)


async def the_referral(database: Database) -> Referral:
    async with database.session() as session:
        return (await session.scalars(select(Referral))).one()


async def mail(database: Database, referral: Referral, *, tries: int = 0) -> Referral:
    settings: Settings = get_settings()
    async with database.session() as session:
        await referring.mail(session, Mailer(settings), settings, referral.id, tries=tries, at=AT)
    return await the_referral(database)


async def jobs(database: Database, task: str) -> list[Any]:
    query = text("select args, scheduled_at from procrastinate_jobs where task_name = :task order by id")
    async with database.session() as session:
        return list((await session.execute(query, {"task": task})).tuples())


async def test_it_is_mailed_once_and_says_no_more_than_was_agreed(database: Database, inbox: Inbox) -> None:
    referral = await agreed(database)
    assert await jobs(database, "mail_referral") == [({"referral_id": str(referral.id)}, AT + referrals.MAILED_AFTER)]
    sent = await mail(database, referral)
    await mail(database, referral)
    (message,) = inbox.messages
    assert (message["To"], message["From"]) == (INTAKE, "line@guidepost.example")
    said = message.get_content()
    for agreed_to in ("Ana Reyes", "(612) 555-0142", "English", "November 23, 2026", referrals.reference(referral)):
        assert agreed_to in said
    for private in ("schizo", "diagnos", "medicaid", str(referral.client_id)):
        assert private not in str(message).lower()
    assert "Ana" not in message["Subject"]
    assert (sent.status, sent.mail, sent.mailed_at) == ("sent", "sent", AT)
    assert [args["status"] for args, _ in await jobs(database, "tell_referral")] == ["sent"], "the client is told"
    await database.close()


async def test_who_takes_their_yes_back_in_time_is_not_mailed_about(database: Database, inbox: Inbox) -> None:
    referral = await agreed(database)
    async with database.session() as session:
        await answers.record(session, referral.client_id, walk.SHARING, False, at=AT + timedelta(minutes=5))
    assert (await mail(database, referral)).status == "withdrawn"
    assert inbox.messages == []
    await database.close()


async def test_a_server_that_is_busy_is_tried_again_and_one_that_refuses_makes_it_a_call(
    database: Database, inbox: Inbox
) -> None:
    referral = await agreed(database)
    inbox.answer = "451 try again later"
    with pytest.raises(MailNotTaken):
        await mail(database, referral)
    assert not referrals.to_call(await the_referral(database))
    inbox.answer = "550 no such mailbox"
    refused = await mail(database, referral)
    assert (refused.status, refused.mail) == ("made", "refused")
    assert referrals.to_call(refused)
    await database.close()


async def test_a_server_that_never_answers_makes_it_a_call_in_the_end(
    database: Database, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral = await agreed(database)
    monkeypatch.setenv("SMTP_PORT", "1")
    get_settings.cache_clear()
    with pytest.raises(MailNotTaken):
        await mail(database, referral, tries=referring.TRIES - 1)
    assert referrals.to_call(await mail(database, referral, tries=referring.TRIES))
    await database.close()


@pytest.mark.parametrize("address", [None, ""])
async def test_without_an_address_it_is_a_call_to_make(database: Database, inbox: Inbox, address: str | None) -> None:
    referral = await agreed(database, address=address)
    assert referrals.to_call(referral)
    assert await jobs(database, "mail_referral") == []
    async with database.session() as session:
        assert await referrals.calls_to_make(session) == 1
        (((line, client)),) = await referrals.unsettled(session)
        assert (line.referral.id, client.name) == (referral.id, "Ana Reyes")
    await database.close()


async def test_without_a_mail_server_it_is_a_call_to_make(database: Database) -> None:
    assert referrals.to_call(await agreed(database))
    await database.close()
