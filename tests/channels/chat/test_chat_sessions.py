"""A chat is resumed, repeated, shared between tabs, limited and guarded."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
import websockets
from chat_pages import Page, chat_page, chat_server
from chat_server import in_one_transaction
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations import people
from casework.conversations.tables import PERSON, Client
from casework.storage import notify
from channels.chat.limits import Limits, Window

pytestmark = pytest.mark.anyio


async def test_a_session_resumes_with_its_history(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    page.server.replies("Hello.", choices=(("Yes", "/affirm"),))
    await page.next()
    await page.close()

    async with chat_page(page.server) as later:
        welcome = await later.hello(page.token)

    assert welcome["session"] == page.token
    assert [(m["from"], m["text"]) for m in welcome["messages"]] == [("client", "hi"), ("assistant", "Hello.")]
    assert welcome["messages"][1]["choices"] == [{"title": "Yes", "payload": "/affirm"}]


async def test_the_history_of_a_resumed_session_is_its_last_200_messages(page: Page) -> None:
    await page.hello()
    for number in range(3):
        await page.say(f"text {number}")
    page.server.replies_many([f"reply {number}" for number in range(198)])

    async with chat_page(page.server) as later:
        texts = [m["text"] for m in (await later.hello(page.token))["messages"]]

    assert len(texts) == 200
    assert (texts[0], texts[1], texts[-1]) == ("text 1", "text 2", "reply 197")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("garbage", id="garbage"),
        pytest.param("", id="an empty one"),
        pytest.param("x" * 5000, id="a very long one"),
        pytest.param("\ud800\x00'; drop table clients", id="one that no database takes"),
        pytest.param("A" * 43 + "." + "0" * 32, id="one with a forged signature"),
    ],
)
async def test_a_token_that_is_not_ours_opens_a_new_session(page: Page, token: str) -> None:
    welcome = await page.hello(token)

    assert welcome["messages"] == []
    assert welcome["session"] not in (token, "")
    assert len(welcome["session"]) >= 43


async def test_two_sessions_know_nothing_of_each_other(page: Page) -> None:
    await page.hello()
    await page.say("mine")
    async with chat_page(page.server) as stranger:
        assert (await stranger.hello())["messages"] == []
        page.server.replies("for you only", token=page.token)
        assert (await page.next())["text"] == "for you only"
        assert await stranger.quiet()


async def test_a_session_made_before_its_first_message_survives_a_drop(page: Page) -> None:
    welcome = await page.hello()
    async with chat_page(page.server) as again:
        assert (await again.hello(welcome["session"]))["session"] == welcome["session"]


async def test_a_token_finds_a_session_that_was_made_elsewhere(page: Page) -> None:
    async def elsewhere(session: AsyncSession) -> str:
        return (await people.new_web_session(session, "es"))[0]

    token = in_one_transaction(page.server.database_url, elsewhere)

    assert (await page.hello(token))["session"] == token
    assert await page.say("hola") == ["ack", "typing"]
    assert len(page.server.conversations()) == 1


async def test_a_resent_id_is_acknowledged_and_not_handled_twice(page: Page) -> None:
    key = str(uuid.uuid4())
    await page.hello()
    await page.say("hi", key=key)

    await page.send({"type": "message", "id": key, "text": "hi"})

    assert await page.next() == {"type": "ack", "id": key}
    assert await page.quiet()
    assert len(page.server.stored()) == 1
    assert page.server.jobs("turn") == 1


async def test_the_same_id_sent_by_two_tabs_at_once_is_stored_once(page: Page) -> None:
    key = str(uuid.uuid4())
    token = (await page.hello())["session"]
    async with chat_page(page.server) as other:
        await other.hello(token)
        frame = {"type": "message", "id": key, "text": "hi"}
        await asyncio.gather(page.send(frame), other.send(frame))
        first, second = await asyncio.gather(page.next(), other.next())

    assert first == {"type": "ack", "id": key} or second == {"type": "ack", "id": key}
    assert len(page.server.stored()) == 1
    assert len(page.server.conversations()) == 1


async def test_two_tabs_of_a_session_stay_in_step(page: Page) -> None:
    token = (await page.hello())["session"]
    async with chat_page(page.server) as other:
        await other.hello(token)  # before there is anything stored
        key = str(uuid.uuid4())
        assert await page.say("i need help", key=key) == ["ack", "typing"]

        there = await other.next()
        assert (there["from"], there["text"], there["id"]) == ("client", "i need help", key)

        assert await other.say("with my rent") == ["ack", "typing"]
        assert (await page.next())["text"] == "with my rent"

        page.server.replies("to both")
        assert [(await tab.next())["text"] for tab in (page, other)] == ["to both", "to both"]
        assert await page.quiet()
        assert await other.quiet()


async def test_many_messages_at_once_reach_both_tabs_whole_and_once(page: Page) -> None:
    token = (await page.hello())["session"]
    async with chat_page(page.server) as other:
        await other.hello(token)
        for number in range(30):
            await page.send({"type": "message", "id": str(uuid.uuid4()), "text": f"a{number}"})
            await other.send({"type": "message", "id": str(uuid.uuid4()), "text": f"b{number}"})
        expected = {f"a{n}" for n in range(30)}, {f"b{n}" for n in range(30)}
        got = [await tab.texts_until(30) for tab in (other, page)]

    assert [sorted(texts) for texts in got] == [sorted(texts) for texts in expected]
    assert len(page.server.stored()) == 60


async def test_a_message_that_becomes_visible_late_is_not_lost(page: Page) -> None:
    """Its `seq` is smaller than that of one already shown: it was written first and committed last."""
    await page.hello()
    await page.say("hi")
    database = page.server.database()
    try:
        async with database.session() as slow:
            await page.server.put(slow, "written first")
            page.server.replies("written second")
            assert (await page.next())["text"] == "written second"
        assert (await page.next())["text"] == "written first"
        assert await page.quiet()
    finally:
        await database.close()


async def test_a_tab_on_another_web_process_hears_of_everything(page: Page) -> None:
    token = (await page.hello())["session"]
    with chat_server(page.server.database_url) as second:
        async with chat_page(second) as other:
            await other.hello(token)
            await page.say("from the first")
            assert (await other.next())["text"] == "from the first"
            await other.say("from the second")
            assert (await page.next())["text"] == "from the second"


async def test_a_choice_is_stored_with_its_words_and_its_payload(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    page.server.replies("Do you have Medicaid?", choices=(("Yes, I do", "/affirm"), ("No", "/deny")))
    await page.next()
    key = str(uuid.uuid4())

    await page.send({"type": "choice", "id": key, "payload": "/affirm"})

    assert [(await page.next())["type"] for _ in range(2)] == ["ack", "typing"]
    chosen = page.server.stored()[-1]
    assert (chosen.text, chosen.payload) == ("Yes, I do", "/affirm")

    await page.send({"type": "choice", "id": key, "payload": "/affirm"})
    assert await page.next() == {"type": "ack", "id": key}
    assert await page.quiet()


async def test_a_choice_that_was_not_offered_in_this_chat_is_refused(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    page.server.replies("Yes or no?", choices=(("Yes", "/affirm"),))
    await page.next()
    async with chat_page(page.server) as stranger:
        await stranger.hello()
        await stranger.say("hi")
        for tab, payload in ((page, "/delete_my_data"), (stranger, "/affirm")):
            await tab.send({"type": "choice", "id": str(uuid.uuid4()), "payload": payload})
            assert (await tab.next())["code"] == "unknown_choice"


async def test_after_erasure_the_same_page_goes_on_in_an_empty_chat(page: Page) -> None:
    await page.hello()
    await page.say("erase me")

    async def erase(session: AsyncSession) -> None:
        await session.execute(delete(Client))

    in_one_transaction(page.server.database_url, erase)

    assert await page.say("hello again") == ["ack", "typing"]
    assert [message.text for message in page.server.stored()] == ["hello again"]


async def test_staff_who_type_are_shown_typing(page: Page) -> None:
    await page.hello()
    await page.say("hi")

    async def types(session: AsyncSession) -> None:
        await notify(session, kind="typing", conversation=page.server.conversations()[0].id, author=PERSON)

    in_one_transaction(page.server.database_url, types)

    assert await page.next() == {"type": "typing"}


async def test_no_typing_is_shown_where_nobody_is_about_to_answer(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    page.server.hand_to_people()

    await page.send({"type": "message", "id": str(uuid.uuid4()), "text": "are you there"})

    assert (await page.next())["type"] == "ack"
    assert await page.quiet()


async def test_one_session_may_send_so_much_a_minute_and_the_rest_is_told(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(per_session=3, per_address=100)) as server:
        async with chat_page(server) as page, chat_page(server) as other:
            await page.hello()
            for _ in range(3):
                assert await page.say("hi") == ["ack", "typing"]
            assert await page.say("once more") == ["error slow_down"]
            await other.hello()
            assert await other.say("not me") == ["ack", "typing"]
            assert len(server.stored()) == 4


async def test_one_address_may_send_so_much_a_minute(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(per_session=100, per_address=4)) as server:
        async with chat_page(server) as page, chat_page(server) as other:
            for tab in (page, other):
                await tab.hello()
                assert await tab.say("one") == ["ack", "typing"]
                assert await tab.say("two") == ["ack", "typing"]
            assert await page.say("three") == ["error slow_down"]


def test_a_window_slides_and_forgets() -> None:
    clock = [0.0]
    window = Window(2, 60, now=lambda: clock[0])
    window.take("a")
    clock[0] = 30.0
    assert window.allows("a")
    window.take("a")
    assert not window.allows("a")
    assert window.allows("b")
    clock[0] = 60.0
    assert window.allows("a")


@pytest.mark.parametrize(
    ("origin", "open_to"),
    [
        pytest.param(None, True, id="no origin: not a browser's page"),
        pytest.param("own", True, id="the line's own pages"),
        pytest.param("https://agency.example", True, id="a site that is allowed"),
        pytest.param("https://agency.example:444", False, id="another port of it"),
        pytest.param("http://agency.example", False, id="the same without encryption"),
        pytest.param("https://evil.example", False, id="any other site"),
        pytest.param("https://agency.example.evil.example", False, id="one that begins alike"),
        pytest.param("null", False, id="a page without an origin (a file, a sandbox)"),
    ],
)
async def test_only_pages_of_allowed_origins_may_open_the_socket(
    database_url: str, origin: str | None, open_to: bool
) -> None:
    with chat_server(database_url, allowed_origins=["https://agency.example"]) as server:
        asked = server.url if origin == "own" else origin
        headers = {"Origin": asked} if asked else {}
        if open_to:
            async with websockets.connect(server.socket_url, additional_headers=headers) as socket:
                await socket.send(json.dumps({"type": "hello", "session": None, "language": "en"}))
                assert json.loads(await socket.recv())["type"] == "welcome"
        else:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(server.socket_url, additional_headers=headers)
            assert refused.value.response.status_code == 403


async def test_neither_address_nor_words_are_in_the_logs(page: Page, capfd: pytest.CaptureFixture[str]) -> None:
    await page.hello()
    await page.say("a very private sentence")
    await page.send("garbage")
    await page.next()

    told = "".join(capfd.readouterr())
    assert "private" not in told
    assert "127.0.0.1" not in told
    assert (page.token or "?") not in told
