"""The demo page in a real browser: the phone, the chat and the console's card beside each other."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from browsing import IN_A_BROWSER, SIZES, chromium, new_page, picture, sync_api, violations
from chat_pages import Chat, until

__all__ = ["chromium"]
pytestmark = IN_A_BROWSER


def line_says(server: Chat, text: str, to: str = "+16125550142") -> None:
    """What the worker does with an outgoing text."""
    settings = server.settings
    assert settings.twilio_auth_token is not None
    answer = httpx.post(
        f"{settings.twilio_api_url}/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json",
        auth=(settings.twilio_account_sid or "", settings.twilio_auth_token.get_secret_value()),
        data={"To": to, "From": settings.twilio_from or "", "Body": text},
    )
    assert answer.status_code == 201


def texts(page: Any, text: str) -> None:
    page.get_by_label("Text message").fill(text)
    page.get_by_label("Text message").press("Enter")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_stands_in_the_way_of_people_with_disabilities(
    chromium: Any, server: Chat, language: str, scheme: str, size: str
) -> None:
    page = new_page(chromium, viewport=SIZES[size], color_scheme=scheme)
    page.goto(f"{server.url}/demo?lang={language}")
    said = "hi, I need help finding a case manager" if language == "en" else "hola, necesito ayuda"
    page.locator("#text").fill(said)
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#thread .sms", has_text=said)).to_be_visible()
    until(lambda: len(server.stored()) == 1)
    line_says(server, "Hello, this is an automated text line.")
    sync_api.expect(page.locator("#thread .sms", has_text="automated text line")).to_be_visible()

    assert violations(page) == []
    assert page.wrong == []
    picture(page, f"demo-{size}-{scheme}-{language}", full_page=True)
    page.context.close()


def test_the_phone_texts_and_is_texted(chromium: Any, server: Chat) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(server.url)
    texts(page, "hi there")

    first = page.locator("#thread .sms").first
    sync_api.expect(first).to_contain_text("hi there")
    sync_api.expect(first.locator("small")).to_have_text("1 part · sent")
    until(lambda: [message.text for message in server.stored()] == ["hi there"])

    line_says(server, "ñ" + "long " * 40)
    sync_api.expect(page.locator("#thread .sms").nth(1).locator("small")).to_have_text("2 parts · delivered")

    page.reload()
    sync_api.expect(page.locator("#thread .sms")).to_have_count(2)
    page.context.close()


def test_a_new_phone_begins_anew(chromium: Any, server: Chat) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(f"{server.url}/demo")
    texts(page, "from the first phone")
    sync_api.expect(page.locator("#thread .sms")).to_have_count(1)

    page.get_by_role("button", name="New phone").click()
    sync_api.expect(page.locator("#thread .sms")).to_have_count(0)
    number = page.get_by_label("This phone's number").input_value()
    assert number != "+16125550142"
    texts(page, f"from another {uuid.uuid4()}")
    sync_api.expect(page.locator("#thread .sms")).to_have_count(1)
    until(lambda: len(server.conversations()) == 2)

    page.get_by_label("This phone's number").fill("+16125550142")
    page.get_by_role("button", name="Use").click()
    sync_api.expect(page.locator("#thread .sms")).to_contain_text("from the first phone")
    page.context.close()


def test_a_stopped_phone_says_how_to_begin_again(chromium: Any, server: Chat) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(f"{server.url}/demo")
    texts(page, "STOP")
    sync_api.expect(page.get_by_text("asked for no more texts")).to_be_visible()
    texts(page, "START")
    sync_api.expect(page.get_by_text("asked for no more texts")).to_be_hidden()
    until(lambda: [message.text for message in server.stored() if message.direction == "in"] == ["STOP", "START"])
    page.context.close()


def test_all_three_sides_are_there(chromium: Any, server: Chat) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(f"{server.url}/demo")

    sync_api.expect(page.get_by_role("heading", name="1. By text")).to_be_visible()
    sync_api.expect(page.get_by_label("Your message")).to_be_visible()
    sync_api.expect(page.get_by_role("link", name="Open the console")).to_have_attribute("href", "/console")
    sync_api.expect(page.get_by_text("demo@guidepost.example")).to_be_visible()
    page.get_by_label("Your message").fill("by chat")
    page.get_by_label("Your message").press("Enter")
    sync_api.expect(page.locator("guidepost-chat .m.client .state")).to_have_count(0)
    assert [message.text for message in server.stored()] == ["by chat"]
    page.context.close()
