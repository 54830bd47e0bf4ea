"""The summary: each line leads to the message it came from, by whichever policy the client was screened."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from console_people import a_client, a_handoff, a_text, somebody_asking, somebody_booked, told
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Conversation, Message
from casework.handoff import screenings
from casework.intake import policies
from casework.screening import CRITERIA
from casework.settings import get_settings
from casework.staff.reading import MESSAGES
from casework.storage import Database

pytestmark = pytest.mark.anyio
PENNSYLVANIA: dict[str, tuple[Any, str]] = {
    "zip": ("19104", "19104"),
    "age": (34, "im 34"),
    "veteran": (False, "no never served"),
    "in_hospital_now": (False, "not now"),
    "inpatient_days_12_months": (9, "nine nights last spring"),
    "payer": ("medicaid", "medicaid"),
}


async def screened_by_their_state(session: AsyncSession, facts: dict[str, tuple[Any, str]]) -> dict[str, uuid.UUID]:
    """A client who answered these one by one, screened as the line does it. Returns the message of each fact, and the
    client's id as `client`."""
    client, conversation = await a_client(session, "Kit Moss")
    came_in = {"client": client.id}
    for minutes, (fact, (value, words)) in enumerate(facts.items()):
        message = await a_text(session, conversation, words, minutes=40 - minutes)
        await told(session, client, message, fact, value, words)
        came_in[fact] = message.id
    values = {fact: value for fact, (value, _) in facts.items()}
    result = policies.screen(values)
    await screenings.keep(session, client.id, values, result.best, result.others, at=datetime.now(UTC))
    await a_handoff(session, client, conversation, reason="referral", urgency=1)
    return came_in


def lines(page: str) -> dict[str, list[str]]:
    """The criteria of the page: their words before the colon, and the messages their lines lead to."""
    found = re.findall(r'<li class="(?:met|not_met|unknown)">.*?<strong>([^:]+):.*?</strong>(.*?)</li>', page, re.S)
    return {name: re.findall(r'href="[^"]*#m-([0-9a-f-]+)"', rest) for name, rest in found}


async def test_every_line_leads_to_a_message_that_is_there(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    page = (await (await sign_in()).get(f"/console/people/{ana}")).text
    links = re.findall(r'<a class="from" href="#(m-[0-9a-f-]+)">', page)
    assert len(links) >= 14
    assert [each for each in links if f'id="{each}"' not in page] == []
    for line in ("The name to use", "Agreed to share this summary", "Preferred not to say", "Diagnosis: met"):
        assert '<a class="from"' in page[page.index(line) :][:600], line
    assert len(re.findall(r"<dt>", page)) == len(re.findall(r"<dt>.*?<a class=\"from\".*?</div>", page, re.S))


async def test_a_criterion_of_any_policy_leads_to_the_answers_it_was_judged_by(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        came_in = await screened_by_their_state(session, PENNSYLVANIA)
    page = (await (await sign_in()).get(f"/console/people/{came_in['client']}")).text
    assert "Pennsylvania targeted case management, version" in page
    led_to = lines(page[: page.index("<details><summary>Pennsylvania intensive")])
    assert led_to["Need"] == [str(came_in["in_hospital_now"]), str(came_in["inpatient_days_12_months"])]
    assert led_to["Where they live"] == [str(came_in["zip"])]
    assert "Pennsylvania intensive case management: may qualify" in page
    others = lines(page[page.index("<details><summary>Pennsylvania intensive") :])
    assert str(came_in["age"]) in others["Need"]


async def test_an_agencys_own_copy_is_told_in_english_and_leads_to_its_answers(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    own = get_settings().guidepost_data / "criteria"
    own.mkdir()
    text = (CRITERIA / "default.toml").read_text(encoding="utf-8")
    text = text.replace('id = "default"', 'id = "riverside"', 1).replace("zips = []", 'zips = ["55401"]')
    (own / "riverside.toml").write_text(text, encoding="utf-8")
    try:
        facts = {**PENNSYLVANIA, "zip": ("55401", "55401"), "diagnoses": (["bipolar"], "bipolar")}
        facts["diagnosed_by_professional"] = (True, "my doctor")
        async with database.session() as session:
            came_in = await screened_by_their_state(session, facts)
        page = (await (await sign_in()).get(f"/console/people/{came_in['client']}")).text
    finally:
        (own / "riverside.toml").unlink()
        own.rmdir()
    led_to = lines(page)
    assert set(led_to["Diagnosis"]) == {str(came_in["diagnoses"]), str(came_in["diagnosed_by_professional"])}
    assert led_to["Where they live"] == [str(came_in["zip"])]
    assert "You told us you live in the area this program serves." in page


async def test_what_is_still_to_ask_is_what_could_change_the_screening(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    facts = {name: value for name, value in PENNSYLVANIA.items() if name != "inpatient_days_12_months"}
    async with database.session() as session:
        came_in = await screened_by_their_state(session, facts)
    page = re.sub(r"<[^>]+>|\s+", " ", (await (await sign_in()).get(f"/console/people/{came_in['client']}")).text)
    still = page[page.index("Still to ask") : page.index("Would not change the screening")]
    assert "Days in hospital, last 12 months" in still
    assert "Longest time without medication, days" in still
    assert "Crisis help, last 24 months" in page[page.index("Not asked") :]


async def test_a_line_leads_to_its_message_in_a_long_conversation_too(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        conversation = (await session.scalars(select(Conversation))).one()
        wish = (await session.scalars(select(Message).order_by(Message.seq).limit(1))).one()
        for number in range(MESSAGES + 30):
            await a_text(session, conversation, f"later {number}", minutes=1)
    dana = await sign_in()
    page = (await dana.get(f"/console/people/{ana}")).text
    assert f'id="m-{wish.id}"' not in page
    link = f"/console/people/{ana}?message={wish.id}"
    assert f'href="{link}#m-{wish.id}"' in page
    there = (await dana.get(link)).text
    assert f'id="m-{wish.id}"' in there
    assert "To the newest messages" in there
    newest = re.findall(r'href="#m-', there)
    assert newest == [], "on an older part every line opens the part it is in"


async def test_no_and_not_asked_are_told_apart(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session)
        client, conversation = await a_client(session, "Kim Park", phone="+16125550155")
        message = await a_text(session, conversation, "no i dont want that", minutes=3)
        await told(session, client, message, "sharing", False, "no i dont want that")
        await a_handoff(session, client, conversation, reason="person_asked", urgency=2)
    dana = await sign_in()
    assert "they were not asked yet" in (await dana.get(f"/console/people/{rosa}")).text
    page = (await dana.get(f"/console/people/{client.id}")).text
    assert "Said no to sharing this summary." in page
    assert f'href="#m-{message.id}"' in page


async def test_how_they_may_be_reached_is_noted_shown_and_told_in_the_file(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana = await sign_in()
    assert "Texts OK: not asked, Voicemail OK: not asked" in (await dana.get(f"/console/people/{ana}")).text
    form = {"csrf": dana.csrf, "text": "yes", "voicemail": "no"}
    answer = await dana.post(f"/console/people/{ana}/contact", data=form)
    page = (await dana.get(answer.headers["location"])).text
    assert "Noted how they may be reached." in page
    assert "Texts OK: yes, Voicemail OK: no" in page
    await dana.post(f"/console/people/{ana}/claim", data={"csrf": dana.csrf})
    eli = await sign_in("eli@agency.example", "Eli Noor")
    refused = await eli.post(f"/console/people/{ana}/contact", data={"csrf": eli.csrf, "text": "no"})
    assert refused.headers["location"].endswith("refused=not_yours")
    assert "Texts OK: yes" in (await eli.get(f"/console/people/{ana}")).text
