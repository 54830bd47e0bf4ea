"""What the chat's socket does with every kind of frame, the bad ones included."""

from __future__ import annotations

import json
import uuid

import pytest
from chat_pages import Page, chat_page

from casework.wording import say

pytestmark = pytest.mark.anyio

ID = "6f6c1b1e-9f0f-4c43-a4a8-3f3b6f3c7f10"

BAD_FRAMES = [
    pytest.param("", "bad_frame", id="nothing at all"),
    pytest.param("hello", "bad_frame", id="not JSON"),
    pytest.param('{"type":"message"', "bad_frame", id="JSON cut off"),
    pytest.param("[" * 20_000, "bad_frame", id="JSON nested without end"),
    pytest.param("[]", "bad_frame", id="a list"),
    pytest.param("null", "bad_frame", id="null"),
    pytest.param('"message"', "bad_frame", id="a string"),
    pytest.param("{}", "bad_frame", id="no type"),
    pytest.param('{"type":7}', "bad_frame", id="a type that is a number"),
    pytest.param('{"type":"drop tables"}', "unknown_type", id="an unknown type"),
    pytest.param('{"type":"welcome"}', "unknown_type", id="a type that only the server sends"),
    pytest.param('{"type":"hello","session":5}', "bad_frame", id="a session that is a number"),
    pytest.param('{"type":"hello","session":null,"language":[]}', "bad_frame", id="a language that is a list"),
    pytest.param(b"\x00\xff\xfe", "bad_frame", id="binary"),
    pytest.param('{"type":"message","text":"hi"}', "bad_id", id="a message without id"),
    pytest.param('{"type":"message","id":"7","text":"hi"}', "bad_id", id="an id that is no UUID"),
    pytest.param('{"type":"message","id":7,"text":"hi"}', "bad_id", id="an id that is a number"),
    pytest.param(f'{{"type":"message","id":"{ID}"}}', "bad_frame", id="a message without text"),
    pytest.param(f'{{"type":"message","id":"{ID}","text":["hi"]}}', "bad_frame", id="a text that is a list"),
    pytest.param(f'{{"type":"message","id":"{ID}","text":""}}', "empty", id="an empty text"),
    pytest.param(f'{{"type":"message","id":"{ID}","text":" \\n\\t "}}', "empty", id="only blanks"),
    pytest.param(f'{{"type":"message","id":"{ID}","text":"\\u200b\\u0000"}}', "empty", id="only what cannot be seen"),
    pytest.param(json.dumps({"type": "message", "id": ID, "text": "a" * 4001}), "too_long", id="4,001 characters"),
    pytest.param(json.dumps({"type": "message", "id": ID, "text": "a" * 10_000}), "too_long", id="10,000 characters"),
    pytest.param(json.dumps({"type": "message", "id": ID, "text": "a" * 33_000}), "too_large", id="more than 32 kB"),
    pytest.param(json.dumps({"type": "typing", "more": "é" * 17_000}, ensure_ascii=False), "too_large", id="in bytes"),
    pytest.param(f'{{"type":"choice","id":"{ID}"}}', "bad_frame", id="a choice without payload"),
    pytest.param(f'{{"type":"choice","id":"{ID}","payload":"/affirm"}}', "unknown_choice", id="a choice never offered"),
]


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES)
async def test_a_bad_frame_is_told_and_the_chat_goes_on(page: Page, frame: str | bytes, code: str) -> None:
    await page.hello()

    await page.send(frame)

    assert await page.next() == {
        "type": "error",
        "code": code,
        "text": say(f"utter_chat_error_{code}", "en", limit=4000).text,
    }
    assert await page.say("still here") == ["ack", "typing"]


async def test_garbage_alone_makes_no_client_and_no_conversation(page: Page) -> None:
    await page.hello()
    await page.send("garbage")
    await page.next()

    assert page.server.conversations() == []


async def test_a_page_that_is_only_looked_at_stores_nothing(page: Page) -> None:
    await page.hello()
    await page.send({"type": "typing"})
    await page.hello()

    assert page.server.conversations() == []


async def test_errors_are_told_in_the_language_of_the_page(page: Page) -> None:
    await page.hello(language="es-MX")
    await page.send({"type": "message", "id": ID, "text": " "})

    assert (await page.next())["text"] == say("utter_chat_error_empty", "es").text


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param({"type": "message", "id": ID, "text": "hi"}, id="a message"),
        pytest.param({"type": "choice", "id": ID, "payload": "/affirm"}, id="a choice"),
        pytest.param({"type": "typing"}, id="typing"),
    ],
)
async def test_nothing_is_taken_before_hello(page: Page, frame: dict[str, str]) -> None:
    await page.send(frame)

    assert (await page.next())["code"] == "hello_first"
    assert page.server.stored() == []


async def test_a_page_that_sends_nothing_but_errors_is_closed_after_twenty(page: Page) -> None:
    await page.hello()
    for _ in range(20):
        await page.send("garbage")

    codes = [(await page.next())["code"] for _ in range(21)]

    assert codes == ["bad_frame"] * 20 + ["too_many_errors"]
    assert await page.close_code() == 1008


async def test_one_good_message_between_errors_starts_the_count_anew(page: Page) -> None:
    await page.hello()
    for _ in range(2):
        for _ in range(19):
            await page.send("garbage")
            assert (await page.next())["code"] == "bad_frame"
        assert await page.say("good") == ["ack", "typing"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a" * 4000, "a" * 4000, id="4,000 characters"),
        pytest.param("🙏🏽", "🙏🏽", id="emoji only"),
        pytest.param("ñandú ¿qué?", "ñandú ¿qué?", id="accents"),
        pytest.param("a\x00b", "ab", id="a NUL inside"),
        pytest.param("half \ud83d", "half \ufffd", id="half a character"),
        pytest.param("مرحبا", "مرحبا", id="right to left"),
    ],
)
async def test_a_text_is_stored_as_it_was_written(page: Page, text: str, kept: str) -> None:
    await page.hello()

    assert await page.say(text) == ["ack", "typing"]
    assert [message.text for message in page.server.stored()] == [kept]


async def test_the_ack_carries_the_id_as_the_page_wrote_it(page: Page) -> None:
    await page.hello()
    await page.send({"type": "message", "id": ID.upper(), "text": "hi"})

    assert await page.next() == {"type": "ack", "id": ID.upper()}


async def test_a_message_arrives_with_all_that_a_page_needs(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    message_id = page.server.replies("Do you have Medicaid?", choices=(("Yes", "/affirm"), ("No", "/deny")))

    message = await page.next()

    assert message.pop("at")
    assert message == {
        "type": "message",
        "id": str(message_id),
        "from": "assistant",
        "text": "Do you have Medicaid?",
        "choices": [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}],
    }


async def test_what_is_held_back_for_staff_is_not_shown(page: Page) -> None:
    await page.hello()
    await page.say("hi")
    page.server.replies("held", hold_back=True)
    page.server.replies("sent")

    assert (await page.next())["text"] == "sent"
    async with chat_page(page.server) as again:
        assert [m["text"] for m in (await again.hello(page.token))["messages"]] == ["hi", "sent"]


async def test_ids_of_pages_do_not_have_to_be_lower_case_or_version_four(page: Page) -> None:
    await page.hello()

    assert await page.say("hi", key=str(uuid.uuid1()).upper()) == ["ack", "typing"]
