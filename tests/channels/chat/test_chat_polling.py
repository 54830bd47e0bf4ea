"""The chat over plain HTTP: the same frames, whichever web process answers, nothing lost and nothing doubled."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from chat_pages import Chat, chat_server

from channels.chat.limits import Limits


class Poller:
    """A page that polls. `processes` are the web processes that answer it, in turns."""

    def __init__(self, *processes: Chat) -> None:
        self._addresses = [f"{server.url}/chat/poll" for server in processes]
        self._turn = 0
        self.token: str | None = None
        self.after: Any = None
        self.client = httpx.Client(timeout=40)

    def __enter__(self) -> Poller:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, *frames: dict[str, Any], wait: bool = False) -> list[dict[str, Any]]:
        self._turn += 1
        body = {"session": self.token, "language": "en", "frames": frames, "after": self.after, "wait": wait}
        answer = self.client.post(self._addresses[self._turn % len(self._addresses)], json=body)
        told = answer.json()
        if told["after"] is not None:
            self.after = told["after"]
        given: list[dict[str, Any]] = told["frames"]
        for frame in given:
            if frame["type"] == "welcome":
                self.token = frame["session"]
        return given

    def hello(self) -> list[dict[str, Any]]:
        return self.ask({"type": "hello", "session": self.token, "language": "en"})

    def say(self, said: str, key: str | None = None) -> list[dict[str, Any]]:
        return self.ask({"type": "message", "id": key or str(uuid.uuid4()), "text": said})


@pytest.fixture
def poller(chat: Chat, empty: None) -> Iterator[Poller]:
    with Poller(chat) as made:
        yield made


def test_a_whole_exchange_over_http(poller: Poller, chat: Chat) -> None:
    assert [frame["type"] for frame in poller.hello()] == ["welcome"]
    assert [frame["type"] for frame in poller.say("hi")] == ["ack", "typing"]
    chat.replies("Yes or no?", choices=(("Yes", "/affirm"),))
    assert [frame["text"] for frame in poller.ask()] == ["Yes or no?"]
    chosen = poller.ask({"type": "choice", "id": str(uuid.uuid4()), "payload": "/affirm"})
    assert [frame["type"] for frame in chosen] == ["ack", "typing"]
    assert poller.ask() == []
    assert [m.text for m in chat.stored()] == ["hi", "Yes or no?", "Yes"]


def test_who_waits_hears_at_once(poller: Poller, chat: Chat) -> None:
    poller.hello()
    poller.say("hi")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(poller.ask, wait=True)
        time.sleep(0.5)
        assert not waiting.done()
        began = time.monotonic()
        chat.replies("Hello.")
        assert [frame["text"] for frame in waiting.result(20)] == ["Hello."]
        assert time.monotonic() - began < 15  # and not only after the 25 seconds of a poll


def test_a_resent_message_is_stored_once(poller: Poller, chat: Chat) -> None:
    key = str(uuid.uuid4())
    poller.hello()
    poller.say("hi", key)
    assert poller.say("hi", key) == [{"type": "ack", "id": key}]
    assert len(chat.stored()) == 1


def test_an_answer_that_was_lost_on_the_way_comes_again(poller: Poller, chat: Chat) -> None:
    poller.hello()
    poller.say("hi")
    chat.replies("Hello.")
    seen = poller.after
    first = poller.ask()
    poller.after = seen  # the page never got it
    assert poller.ask() == first


def test_two_web_processes_answer_the_same_page_in_turns(chat: Chat, database_url: str, empty: None) -> None:
    with chat_server(database_url) as second, Poller(chat, second) as poller:
        poller.hello()
        poller.say("hi")
        for number in range(4):
            chat.replies(f"reply {number}")
            assert [frame["text"] for frame in poller.ask(wait=True)] == [f"reply {number}"]
        assert poller.ask() == []


def test_who_has_not_said_hello_is_told_to(poller: Poller) -> None:
    assert [frame["code"] for frame in poller.say("hi")] == ["hello_first"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"session": 7}', 400, id="a session that is a number"),
        pytest.param(b'{"frames": "hello"}', 400, id="frames that are a text"),
        pytest.param(b'{"frames": [%s{}]}' % (b"{}," * 20), 400, id="too many frames"),
        pytest.param(b"x" * 70_000, 413, id="more than 64 kB"),
    ],
)
def test_a_bad_request_is_told_so(chat: Chat, empty: None, body: bytes, status: int) -> None:
    answer = httpx.post(f"{chat.url}/chat/poll", content=body)

    assert answer.status_code == status
    assert answer.json()["frames"][0]["type"] == "error"


@pytest.mark.parametrize("after", ["x", [0], [-1, []], [0, [["no id", 1, 2]]], [2**70, []], {"a": 1}])
def test_a_cursor_that_was_made_up_does_no_harm(poller: Poller, chat: Chat, after: Any) -> None:
    poller.hello()
    poller.say("hi")
    poller.after = after
    assert [frame.get("code") for frame in poller.ask()] == ["bad_frame"]


def test_pages_of_other_websites_are_turned_away(chat: Chat) -> None:
    answer = httpx.post(f"{chat.url}/chat/poll", json={}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_limits_of_messages_hold_for_polls_too(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(per_session=2, per_address=10)) as server, Poller(server) as poller:
        poller.hello()
        poller.say("one")
        poller.say("two")
        assert [frame["code"] for frame in poller.say("three")] == ["slow_down"]


def test_one_address_polls_so_often_a_minute(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(polls_per_address=2)) as server:
        statuses = [httpx.post(f"{server.url}/chat/poll", json={}).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
