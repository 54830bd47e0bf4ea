"""What the chat's server lets nobody do: use a token from elsewhere, open too much, stay silent for ever."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
import websockets
from chat_pages import Page, chat_page, chat_server

from casework.conversations import link_codes
from channels.chat.limits import Limits

pytestmark = pytest.mark.anyio
SITE, OTHER = "https://agency.example", "https://other.example"


async def hello(url: str, origin: str, session: str | None) -> dict[str, Any]:
    async with websockets.connect(url, additional_headers={"Origin": origin}) as socket:
        await socket.send(json.dumps({"type": "hello", "session": session, "language": "en"}))
        welcome: dict[str, Any] = json.loads(await socket.recv())
        if session is None:
            frame = {"type": "message", "id": "6f6c1b1e-9f0f-4c43-a4a8-3f3b6f3c7f10", "text": "mine"}
            await socket.send(json.dumps(frame))
            await socket.recv()
        return welcome


async def test_a_token_opens_its_chat_on_the_site_it_was_given_to_and_on_no_other(
    database_url: str, empty: None
) -> None:
    with chat_server(database_url, allowed_origins=[SITE, OTHER]) as server:
        token = (await hello(server.socket_url, SITE, None))["session"]
        again = await hello(server.socket_url, SITE, token)
        elsewhere = await hello(server.socket_url, OTHER, token)
        polled = httpx.post(
            f"{server.url}/chat/poll",
            headers={"Origin": OTHER},
            json={"session": token, "after": [0, []], "frames": [], "wait": False},
        ).json()

    assert [m["text"] for m in again["messages"]] == ["mine"]
    assert again["session"] == token
    assert elsewhere["messages"] == []
    assert elsewhere["session"] != token
    assert polled["frames"] == []
    assert polled["after"] is None


async def test_tokens_are_long_and_never_the_same(page: Page) -> None:
    tokens = set()
    for _ in range(20):
        tokens.add((await page.hello())["session"])

    assert len(tokens) == 20
    assert all(len(token.split(".")[0]) >= 43 for token in tokens)  # 256 bits


async def test_one_address_opens_so_many_chats_and_may_again_once_one_is_closed(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(chats_per_address=2)) as server:
        async with chat_page(server) as first:
            await first.hello()
            async with chat_page(server) as second:
                await second.hello()
                async with chat_page(server) as third:
                    assert (await third.next())["code"] == "too_many_chats"
                    assert await third.close_code() == 1013
            async with chat_page(server) as fourth:
                assert (await fourth.hello())["type"] == "welcome"


async def test_one_chat_is_open_in_so_many_windows(database_url: str, empty: None) -> None:
    with chat_server(database_url, Limits(pages_per_session=2)) as server:
        async with chat_page(server) as first, chat_page(server) as second, chat_page(server) as third:
            token = (await first.hello())["session"]
            await second.hello(token)
            await third.send({"type": "hello", "session": token, "language": "en"})
            assert (await third.next())["code"] == "too_many_pages"


async def test_who_never_says_hello_and_who_is_silent_for_long_is_hung_up_on(database_url: str, empty: None) -> None:
    limits = Limits(hello_seconds=0.3, idle_seconds=1.5, sweep_seconds=0.1)
    with chat_server(database_url, limits) as server:
        async with chat_page(server) as mute, chat_page(server) as silent, chat_page(server) as busy:
            await silent.hello()
            await busy.hello()
            assert await mute.close_code() == 4000
            for _ in range(4):
                await asyncio.sleep(0.4)
                await busy.send({"type": "typing"})
            assert await silent.close_code() == 4000
            assert await busy.say("still here") == ["ack", "typing"]


async def test_a_frame_too_large_for_any_page_ends_the_socket(page: Page) -> None:
    await page.hello()
    await page.send("x" * 20_000_000)

    assert await page.close_code() == 1009


async def test_codes_are_given_out_so_many_times_an_hour(page: Page) -> None:
    await page.hello()
    codes = []
    for _ in range(5):
        await page.send({"type": "link"})
        codes.append((await page.next())["code"])
    await page.send({"type": "link"})

    assert (await page.next())["code"] == "slow_down"
    assert len(set(codes)) == 5
    assert all(link_codes.recognise(code) for code in codes)


async def test_a_line_without_a_number_of_its_own_says_that_it_cannot_go_on_by_text(
    database_url: str, empty: None
) -> None:
    with chat_server(database_url, twilio_from="MG" + "0" * 32) as server:
        async with chat_page(server) as page:
            await page.hello()
            await page.send({"type": "link"})
            assert (await page.next())["code"] == "no_number"
