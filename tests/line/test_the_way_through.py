"""From "hi" to a booked appointment and a handoff in the console's queue, over the real line."""

from __future__ import annotations

import asyncio
import html
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.line.line import Running

pytestmark = pytest.mark.line

# (what the line's question holds, what the client texts): a person who answers what they are asked.
ANSWERS = (
    ("save", "yes"),
    ("ZIP", "55401"),
    ("How old", "34"),
    ("military", "no"),
    ("psychiatric hospital right now", "no"),
    ("overnight in a psychiatric hospital", "2"),
    ("mental health condition been named", "bipolar"),
    ("Has a doctor or a therapist", "yes"),
    ("hard for you", "1 2"),
    ("paid for", "i have medicaid"),
    ("Which one would you like", "1"),
    ("When would you like to talk", "the first one"),
    ("Shall I book it", "yes"),
    ("pass", "yes"),
    ("What name should", "Dana"),
)


def answer_to(said: str) -> str:
    """What the client texts to the last question among what the line said."""
    asked = [(said.rfind(cue), answer) for cue, answer in ANSWERS if cue in said]
    assert asked, f"no question in: {said}"
    return max(asked)[1]


@contextmanager
def signed_in(line: Running) -> Iterator[httpx.Client]:
    """A signed-in browser of the demo's staff."""
    keys = json.loads((line.folder / "demo-keys.json").read_text())
    with httpx.Client(base_url=line.base, follow_redirects=True) as browser:
        page = browser.get("/console/sign-in").text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        fields |= {"email": "demo@guidepost.example", "password": keys["DEMO_PASSWORD"]}
        answer = browser.post("/console/sign-in", data=fields)
        assert answer.status_code == 200
        assert "Sign out" in answer.text
        yield browser


def whole_queue(browser: httpx.Client) -> str:
    """All pages of the queue: other tests' clients stand in it too, and are more urgent or came first."""
    address: str | None = "/console"
    pages = ""
    while address:
        page = browser.get(address).text
        pages += page
        after = re.search(r'href="([^"]+)">After these<', page)
        address = html.unescape(after[1]) if after else None
    return pages


def test_by_sms_from_hi_to_a_booked_appointment_and_a_handoff(line: Running) -> None:
    phone = line.phone()
    said = phone.text("hi")
    assert "automated" in said
    assert "911" in said
    assert "988" in said
    everything = said
    while "What comes next" not in said:
        assert phone.texts < 25, everything
        said = phone.text(answer_to(said))
        everything += "\n" + said
    assert "Booked:" in everything
    assert "(sample)" in everything
    assert "Central time" in everything
    with signed_in(line) as browser:
        assert "Dana" in whole_queue(browser)


def test_by_web_chat_from_hi_to_a_booked_appointment_and_a_handoff(line: Running) -> None:
    asyncio.run(_by_web_chat(line))
    with signed_in(line) as browser:
        assert "Robin" in whole_queue(browser)


async def _by_web_chat(line: Running) -> None:
    async with websockets.connect(line.base.replace("http", "ws") + "/chat/socket") as socket:
        await socket.send(json.dumps({"type": "hello", "session": None, "language": "en"}))
        assert (await _frame(socket))["type"] == "welcome"
        texts, said, everything = 0, await _say(socket, "hi"), ""
        while "What comes next" not in said:
            texts += 1
            assert texts < 25, everything
            answer = answer_to(said)
            said = await _say(socket, "Robin" if answer == "Dana" else answer)
            everything += "\n" + said
        assert "Booked:" in everything


async def _frame(socket: ClientConnection, within: float = 20.0) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(await asyncio.wait_for(socket.recv(), within))
    return loaded


async def _say(socket: ClientConnection, text: str) -> str:
    """Sends a message; returns what the line answered until it is quiet."""
    await socket.send(json.dumps({"type": "message", "id": str(uuid.uuid4()), "text": text}))
    said: list[str] = []
    while True:
        try:
            frame = await _frame(socket, 20.0 if not said else 0.7)
        except TimeoutError:
            assert said, f"no answer to {text!r}"
            return "\n".join(said)
        if frame["type"] == "message" and frame["from"] != "client":
            choices = frame.get("choices") or []
            assert isinstance(choices, list)
            said.append(str(frame["text"]) + "".join(f" [{choice['title']}]" for choice in choices))


def test_who_stops_half_way_and_texts_again_three_days_later_goes_on_where_they_were(line: Running) -> None:
    phone = line.phone()
    for text in ("hello", "yes", "30303", "51"):
        said = phone.text(text)
    assert "military" in said
    line.days_pass(phone.number, 3)
    said = phone.text("sorry i was away")
    assert "Welcome back" in said or "in the middle of" in said
    assert "Army" in said or "military" in said, "the question that was open"
    said = phone.text("no")
    assert "psychiatric hospital" in said, "the walk goes on with the question after the open one"


@pytest.mark.parametrize(
    ("what", "body", "more"),
    [
        ("empty text", "", {}),
        ("1,600 characters", "i need a case manager because " + "things are hard " * 98, {}),
        ("10,000 characters", "please help me find a case manager " * 285, {}),
        ("emoji only", "\U0001f642\U0001f642", {}),
        ("a picture without text", "", {"NumMedia": "1", "MediaUrl0": "https://example.test/1.jpg"}),
    ],
)
def test_odd_texts_get_a_clear_answer(line: Running, what: str, body: str, more: dict[str, str]) -> None:
    phone = line.phone()
    assert phone.text(body, **more), what
    assert phone.text("hi"), f"the line goes on after {what}"


@pytest.mark.parametrize(("zip_code", "told"), [("00000", "can't find that ZIP"), ("09012", "military address")])
def test_a_zip_that_is_nowhere_is_told_so(line: Running, zip_code: str, told: str) -> None:
    phone = line.phone()
    phone.text("hi")
    phone.text("yes")
    said = phone.text(zip_code)
    assert told in said
    assert "How old" in phone.text("19104")


def test_a_repeated_webhook_is_answered_once(line: Running) -> None:
    phone = line.phone()
    sid = "SM" + uuid.uuid4().hex
    phone.send("hi", sid=sid)
    first = phone.answers()
    phone.send("hi", sid=sid)
    assert first
    assert phone.answers(within=3.0) == []


def test_an_unsigned_webhook_is_refused(line: Running) -> None:
    phone = line.phone()
    form = {"MessageSid": "SM" + "1" * 32, "From": phone.number, "To": "+16125550100", "Body": "hi"}
    assert phone.post("/sms/inbound", form, signature="nonsense").status_code == 403
    assert phone.post("/sms/inbound", form, signature="").status_code == 403
    assert phone.answers(within=2.0) == []


def test_garbage_on_the_socket_is_answered_and_the_socket_stays(line: Running) -> None:
    async def garbage() -> None:
        async with websockets.connect(line.base.replace("http", "ws") + "/chat/socket") as socket:
            for nonsense in ("", "{", "[]", '{"type": 3}', '{"type": "message"}', "\x00"):
                await socket.send(nonsense)
                assert (await _frame(socket))["type"] == "error", nonsense
            await socket.send(json.dumps({"type": "hello", "session": "not-a-token", "language": "en"}))
            assert (await _frame(socket))["type"] == "welcome"

    asyncio.run(garbage())
