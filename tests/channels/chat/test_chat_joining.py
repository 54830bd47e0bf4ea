"""A chat goes on by text: a code from the page, texted to the line, moves the conversation to the phone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import httpx
import pytest
from chat_pages import Chat, Page, chat_page, until
from chat_server import in_one_transaction
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations import joining, link_codes
from casework.conversations.tables import PERSON, Answer, Client, Conversation, LinkCode
from casework.storage import new_id
from casework.wording import say

pytestmark = pytest.mark.anyio
PHONE = "+16125550142"


def texts(server: Chat, text: str, phone: str = PHONE) -> None:
    answer = httpx.post(f"{server.url}/demo/phone/send", json={"number": phone, "text": text})
    assert answer.status_code == 202


async def code_of(page: Page) -> str:
    await page.send({"type": "link"})
    while (frame := await page.next())["type"] != "link":
        pass
    assert frame["number"] == "+16125550100"
    assert frame["minutes"] == 15
    return str(frame["code"])


def clients(server: Chat) -> list[Client]:
    async def step(session: AsyncSession) -> list[Client]:
        return list((await session.execute(select(Client).order_by(Client.created_at))).scalars())

    return in_one_transaction(server.database_url, step)


def answered(server: Chat, fact: str, value: str) -> None:
    """What the assistant writes down of the newest client."""

    async def step(session: AsyncSession) -> None:
        client = (await session.execute(select(Client).order_by(Client.created_at.desc()).limit(1))).scalar_one()
        client.saving_agreed_at = clock.now()
        session.add(Answer(id=new_id(), client_id=client.id, fact=fact, value=value))

    in_one_transaction(server.database_url, step)


def facts(server: Chat) -> dict[str, object]:
    async def step(session: AsyncSession) -> dict[str, object]:
        rows = await session.execute(select(Answer).where(Answer.superseded_at.is_(None)))
        return {answer.fact: answer.value for answer in rows.scalars()}

    return in_one_transaction(server.database_url, step)


async def test_the_chat_becomes_the_phones_conversation(page: Page) -> None:
    await page.hello()
    await page.say("i need housing")
    answered(page.server, "zip", "55401")
    chat_id = page.server.conversations()[0].id
    texts(page.server, (await code_of(page)).lower().replace("-", " "))

    (conversation,) = page.server.conversations()
    (client,) = clients(page.server)
    assert (conversation.id, conversation.channel, conversation.session_index) == (chat_id, "sms", None)
    assert conversation.line == "+16125550100"
    assert (client.phone, client.saving_agreed_at is not None) == (PHONE, True)
    assert facts(page.server) == {"zip": "55401"}
    assert page.server.stored()[-1].text == say("utter_link_joined", "en").text
    assert page.server.jobs("resume") == 1  # goes on with the open question

    texts(page.server, "55402")
    assert {m.conversation_id for m in page.server.stored()} == {chat_id}


async def test_the_page_is_told_and_shown_nothing_more_even_with_its_token(page: Page) -> None:
    token = (await page.hello())["session"]
    await page.say("i need housing")
    texts(page.server, await code_of(page))
    assert (await page.next())["code"] == "moved"
    page.server.replies("only for the phone")
    assert await page.quiet()

    async with chat_page(page.server) as later:
        welcome = await later.hello(token)
    assert welcome["messages"] == []
    assert welcome["session"] != token


async def test_a_phone_that_is_known_keeps_what_it_told_and_the_newer_answer_holds(page: Page) -> None:
    texts(page.server, "hi, i texted before")
    answered(page.server, "zip", "10001")
    answered(page.server, "age", "51")
    old = page.server.conversations()[0].id
    await page.hello()
    await page.say("i need housing")
    answered(page.server, "zip", "55401")
    texts(page.server, await code_of(page))

    (client,) = clients(page.server)
    assert facts(page.server) == {"zip": "55401", "age": "51"}
    assert {c.client_id for c in page.server.conversations()} == {client.id}
    texts(page.server, "and on it goes")
    assert page.server.stored()[-1].conversation_id != old


async def test_a_code_is_good_once(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    code = await code_of(page)
    texts(page.server, code)
    texts(page.server, code, "+16125550143")

    assert page.server.stored()[-1].text == say("utter_link_unknown", "en").text
    assert sum(c.channel == "sms" and c.joined_at is not None for c in page.server.conversations()) == 1


async def test_a_new_code_takes_the_place_of_the_old_and_an_old_one_ends(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    first, second = await code_of(page), await code_of(page)
    texts(page.server, first)
    assert page.server.stored()[-1].text == say("utter_link_unknown", "en").text

    async def later(session: AsyncSession) -> None:
        await session.execute(update(LinkCode).values(expires_at=clock.now() - timedelta(seconds=1)))

    in_one_transaction(page.server.database_url, later)
    texts(page.server, second)
    assert page.server.stored()[-1].text == say("utter_link_unknown", "en").text
    assert [c.channel for c in page.server.conversations() if c.session_index] == ["web"]


async def test_a_phone_may_guess_only_so_often(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    for number in range(joining.TRIES):
        texts(page.server, f"BCDF-GHJ{number + 2}")
    code = await code_of(page)
    texts(page.server, code)

    assert page.server.stored()[-1].text == say("utter_link_too_many", "en").text
    assert not any(c.joined_at for c in page.server.conversations())


async def test_a_phone_that_said_stop_gets_nothing_and_the_page_says_why(page: Page) -> None:
    texts(page.server, "STOP")
    await page.hello()
    await page.say("hi")
    texts(page.server, await code_of(page))

    assert (await page.next())["text"] == say("utter_link_stopped", "en").text
    assert not any(c.joined_at for c in page.server.conversations())


async def test_people_who_have_the_chat_keep_it(page: Page) -> None:
    await page.hello()
    await page.say("can i talk to a person")
    page.server.hand_to_people()
    texts(page.server, await code_of(page))

    (conversation,) = page.server.conversations()
    assert (conversation.owner, conversation.channel) == (PERSON, "sms")
    assert page.server.jobs("resume") == 0


async def test_neither_code_nor_number_is_in_the_logs(page: Page, capfd: pytest.CaptureFixture[str]) -> None:
    await page.hello()
    await page.say("hi")
    code = await code_of(page)
    texts(page.server, code)
    until(lambda: any(c.joined_at for c in page.server.conversations()))

    told = "".join(capfd.readouterr())
    assert code not in told
    assert code.replace("-", "") not in told
    assert PHONE not in told


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("7KQ4-MX9P", "7KQ4MX9P"),
        (" 7kq4 mx9p. ", "7KQ4MX9P"),
        ("7kq4mx9p", "7KQ4MX9P"),
        ("Code: 7KQ4-MX9P", "7KQ4MX9P"),
        ("código 7KQ4-MX9P", "7KQ4MX9P"),
        ("7KQ4-MX9", None),
        ("my code 7KQ4-MX9P", None),
        ("55401234", None),
        ("23456789", None),
        ("rhythms", None),
        ("bipolar2", None),
        ("i need help", None),
    ],
)
def test_what_looks_like_a_code(said: str, code: str | None) -> None:
    assert link_codes.recognise(said) == code


def test_every_code_is_recognised(chat: Chat, empty: None) -> None:
    async def made(session: AsyncSession) -> list[str]:
        client = Client(id=new_id(), language="en")
        session.add(client)
        await session.flush()
        conversation = Conversation(id=uuid.uuid4(), client_id=client.id, channel="web")
        session.add(conversation)
        await session.flush()
        return [await joining.new_code(session, conversation) for _ in range(30)]

    codes = in_one_transaction(chat.database_url, made)
    assert [link_codes.recognise(code) for code in codes] == [code.replace("-", "") for code in codes]
